import { z } from "zod";
import type { PageView } from "../browser/sockets.ts";
import { viewSchema } from "../browser/sockets.ts";
import type { Port, PortClosed } from "../../shared/port.ts";
import { Inbox } from "../../shared/ports/inbox.ts";

/**
 * Carries windows over one Port, so that the process that holds the pages' sockets may outlive the one that serves
 * them. Both ends are ours; the schema is what tells a message of the relay from any other.
 */
const relayedSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("open"), window: z.number(), view: viewSchema }),
  z.object({ type: z.literal("message"), window: z.number(), message: z.unknown() }),
  z.object({ type: z.literal("close"), window: z.number() }),
]);
type Relayed = z.infer<typeof relayedSchema>;

/** The end with the pages: what they say goes over `link`, and they are closed when it closes. */
export class RelayedWindows {
  readonly #link: Port;
  readonly #windows = new Map<number, Port>();
  #nextWindow = 1;

  constructor(link: Port) {
    this.#link = link;
    link.onMessage((raw) => {
      const { data } = relayedSchema.safeParse(raw);
      if (!data) return;
      const port = this.#windows.get(data.window);
      if (data.type === "message") port?.post(data.message);
      if (data.type === "close") port?.[Symbol.dispose]();
    });
    void this.#endWithLink();
  }

  add(port: Port, view: PageView): void {
    const window = this.#nextWindow++;
    this.#windows.set(window, port);
    this.#send({ type: "open", window, view });
    port.onMessage((message) => this.#send({ type: "message", window, message }));
    void this.#forgetWhenClosed(window, port);
  }

  async #forgetWhenClosed(window: number, port: Port): Promise<void> {
    await port.closed;
    this.#windows.delete(window);
    this.#send({ type: "close", window });
  }

  async #endWithLink(): Promise<void> {
    await this.#link.closed;
    for (const port of this.#windows.values()) port[Symbol.dispose]();
  }

  #send(message: Relayed): void {
    this.#link.post(message);
  }
}

/** The end with the app: calls `onWindow` with a Port for each page that connects at the other end. */
export function acceptWindows(link: Port, onWindow: (port: Port, view: PageView) => void): void {
  const windows = new Map<number, RelayedPort>();
  link.onMessage((raw) => {
    const { data } = relayedSchema.safeParse(raw);
    if (!data) return;
    const { window } = data;
    if (data.type === "open") {
      const port = new RelayedPort(link, window);
      windows.set(window, port);
      void port.closed.then(() => windows.delete(window));
      onWindow(port, data.view);
    }
    if (data.type === "message") windows.get(window)?.inbox.deliver(data.message);
    if (data.type === "close") windows.get(window)?.inbox.close({ by: "peer", reason: "window closed" });
  });
  const endWithLink = async (): Promise<void> => {
    const closed = await link.closed;
    for (const port of windows.values()) port.inbox.close(closed);
  };
  void endWithLink();
}

class RelayedPort implements Port {
  readonly inbox = new Inbox();
  readonly #link: Port;
  readonly #window: number;

  constructor(link: Port, window: number) {
    this.#link = link;
    this.#window = window;
  }

  get closed(): Promise<PortClosed> {
    return this.inbox.closed;
  }

  post(message: unknown): void {
    if (!this.inbox.isClosed) this.#link.post({ type: "message", window: this.#window, message });
  }

  onMessage(listener: (message: unknown) => void): () => void {
    return this.inbox.onMessage(listener);
  }

  [Symbol.dispose](): void {
    if (this.inbox.isClosed) return;
    this.inbox.close({ by: "self", reason: "disposed" });
    this.#link.post({ type: "close", window: this.#window });
  }
}
