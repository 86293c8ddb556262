import type { Port, PortClosed } from "../port.ts";
import { Inbox } from "./inbox.ts";

/** What web MessagePorts and those of node:worker_threads have in common. */
export interface MessagePortLike {
  postMessage(message: unknown): void;
  start(): void;
  close(): void;
  addEventListener(type: "message" | "messageerror" | "close", listener: (event: object) => void): void;
}

/** Makes a Port of one end of a MessageChannel and starts it. The Port owns `target` from then on. */
export function messagePort(target: MessagePortLike): Port {
  return new MessageChannelPort(target);
}

class MessageChannelPort implements Port {
  readonly #target: MessagePortLike;
  readonly #inbox = new Inbox();

  constructor(target: MessagePortLike) {
    this.#target = target;
    target.addEventListener("message", (event) =>
      this.#inbox.deliver("data" in event ? event.data : undefined),
    );
    target.addEventListener("close", () => this.#inbox.close({ by: "peer", reason: "port closed" }));
    // A message that cannot be read leaves a hole, and a Port without order is worth nothing.
    target.addEventListener("messageerror", () => this.#close({ by: "peer", reason: "unreadable message" }));
    target.start();
  }

  get closed(): Promise<PortClosed> {
    return this.#inbox.closed;
  }

  post(message: unknown): void {
    if (!this.#inbox.isClosed) this.#target.postMessage(message);
  }

  onMessage(listener: (message: unknown) => void): () => void {
    return this.#inbox.onMessage(listener);
  }

  [Symbol.dispose](): void {
    this.#close({ by: "self", reason: "disposed" });
  }

  #close(closed: PortClosed): void {
    if (this.#inbox.isClosed) return;
    this.#inbox.close(closed);
    this.#target.close();
  }
}
