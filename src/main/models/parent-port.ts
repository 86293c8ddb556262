import type { Port, PortClosed } from "../../shared/port.ts";
import { Inbox } from "../../shared/ports/inbox.ts";
import { unbox } from "./fork-port.ts";

/** Electron's `process.parentPort` inside a utility process, without importing electron. */
interface UtilityParent {
  postMessage(message: unknown): void;
  on(event: "message", listener: (event: { readonly data: unknown }) => void): void;
}

/**
 * The child's end of the channel to whoever started this process: a fork's or an Electron utility process's.
 * Undefined when the process was started by hand.
 */
export function parentPort(): Port | undefined {
  const parent: unknown = Reflect.get(process, "parentPort");
  if (isUtilityParent(parent)) return new UtilityPort(parent);
  return process.send ? new ForkedPort() : undefined;
}

function isUtilityParent(value: unknown): value is UtilityParent {
  return typeof value === "object" && value !== null && "postMessage" in value && "on" in value;
}

class ForkedPort implements Port {
  readonly #inbox = new Inbox();

  constructor() {
    process.on("message", (boxed) => this.#inbox.deliver(unbox(boxed)));
    process.on("disconnect", () => this.#inbox.close({ by: "peer", reason: "disconnected" }));
  }

  get closed(): Promise<PortClosed> {
    return this.#inbox.closed;
  }

  post(message: unknown): void {
    // The callback swallows only what a vanished parent causes; an uncloneable message throws here and now.
    if (!this.#inbox.isClosed && process.connected) process.send?.([message], () => {});
  }

  onMessage(listener: (message: unknown) => void): () => void {
    return this.#inbox.onMessage(listener);
  }

  [Symbol.dispose](): void {
    this.#inbox.close({ by: "self", reason: "disposed" });
    if (process.connected) process.disconnect();
  }
}

/** Electron ends its utility processes with the app, so this port never sees its peer go. */
class UtilityPort implements Port {
  readonly #parent: UtilityParent;
  readonly #inbox = new Inbox();

  constructor(parent: UtilityParent) {
    this.#parent = parent;
    parent.on("message", ({ data }) => this.#inbox.deliver(data));
  }

  get closed(): Promise<PortClosed> {
    return this.#inbox.closed;
  }

  post(message: unknown): void {
    if (!this.#inbox.isClosed) this.#parent.postMessage(message);
  }

  onMessage(listener: (message: unknown) => void): () => void {
    return this.#inbox.onMessage(listener);
  }

  [Symbol.dispose](): void {
    this.#inbox.close({ by: "self", reason: "disposed" });
  }
}
