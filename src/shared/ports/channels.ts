import { z } from "zod";
import type { Port, PortClosed } from "../port.ts";
import { Inbox } from "./inbox.ts";

const envelopeSchema = z.object({ channel: z.string(), message: z.unknown() });

/**
 * Carries several independent Ports over one, kept in order among each other; both ends split by the same names
 * and look their channels up with the function returned. Disposing a channel closes it at this end only; all close when `port` does. Messages for no channel are dropped.
 */
export function splitPort<Name extends string>(port: Port, names: readonly Name[]): (name: Name) => Port {
  const channels = new Map<string, Channel>(names.map((name) => [name, new Channel(port, name)]));
  port.onMessage((raw) => {
    const { data } = envelopeSchema.safeParse(raw);
    if (data) channels.get(data.channel)?.inbox.deliver(data.message);
  });
  void port.closed.then((closed) => channels.forEach(({ inbox }) => inbox.close(closed)));
  return (name) => channels.get(name)!;
}

class Channel implements Port {
  readonly inbox = new Inbox();
  readonly #port: Port;
  readonly #name: string;

  constructor(port: Port, name: string) {
    this.#port = port;
    this.#name = name;
  }

  get closed(): Promise<PortClosed> {
    return this.inbox.closed;
  }

  post(message: unknown): void {
    if (!this.inbox.isClosed) this.#port.post({ channel: this.#name, message });
  }

  onMessage(listener: (message: unknown) => void): () => void {
    return this.inbox.onMessage(listener);
  }

  [Symbol.dispose](): void {
    this.inbox.close({ by: "self", reason: "disposed" });
  }
}
