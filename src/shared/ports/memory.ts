import type { Port, PortClosed } from "../port.ts";
import { Inbox } from "./inbox.ts";

/**
 * Two ports joined within one process: what is posted at one arrives as a structured clone at the other, in a later
 * microtask. Throws DataCloneError for what cannot be cloned, as every Port does.
 */
export function createPortPair(): [Port, Port] {
  const left = new Inbox();
  const right = new Inbox();
  return [new MemoryPort(left, right), new MemoryPort(right, left)];
}

class MemoryPort implements Port {
  readonly #own: Inbox;
  readonly #peer: Inbox;

  constructor(own: Inbox, peer: Inbox) {
    this.#own = own;
    this.#peer = peer;
  }

  get closed(): Promise<PortClosed> {
    return this.#own.closed;
  }

  post(message: unknown): void {
    if (this.#own.isClosed) return;
    const copy = structuredClone(message);
    queueMicrotask(() => this.#peer.deliver(copy));
  }

  onMessage(listener: (message: unknown) => void): () => void {
    return this.#own.onMessage(listener);
  }

  [Symbol.dispose](): void {
    if (this.#own.isClosed) return;
    this.#own.close({ by: "self", reason: "disposed" });
    // Queued behind what was posted before, which therefore still arrives.
    queueMicrotask(() => this.#peer.close({ by: "peer", reason: "disposed" }));
  }
}
