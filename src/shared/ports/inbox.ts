import type { PortClosed } from "../port.ts";

/**
 * The receiving half every Port adapter needs: keeps messages until the first listener exists, then delivers them in
 * order, and nothing after the close.
 */
export class Inbox {
  readonly #listeners = new Set<(message: unknown) => void>();
  readonly #closed = Promise.withResolvers<PortClosed>();
  #waiting: unknown[] | undefined = [];
  #isClosed = false;

  get closed(): Promise<PortClosed> {
    return this.#closed.promise;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  deliver(message: unknown): void {
    if (this.#isClosed) return;
    if (this.#waiting) {
      this.#waiting.push(message);
      return;
    }
    for (const listener of this.#listeners) listener(message);
  }

  onMessage(listener: (message: unknown) => void): () => void {
    // Wrapped, so that the same function may listen twice and remove one of the two.
    const entry = (message: unknown): void => listener(message);
    this.#listeners.add(entry);
    // Not at once: a listener should never run before the function that removes it is in its caller's hands.
    if (this.#waiting && this.#listeners.size === 1) queueMicrotask(() => this.#flush());
    return () => void this.#listeners.delete(entry);
  }

  /** The first close counts; what still waits for a listener is dropped. */
  close(closed: PortClosed): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#waiting = undefined;
    this.#listeners.clear();
    this.#closed.resolve(closed);
  }

  #flush(): void {
    // The listener may have gone again before this ran: then the messages wait for the next first one.
    while (this.#waiting && this.#listeners.size > 0) {
      const messages = this.#waiting.splice(0);
      if (messages.length === 0) this.#waiting = undefined;
      for (const message of messages) for (const listener of this.#listeners) listener(message);
    }
  }
}
