import { AppError } from "../../shared/errors.ts";

/** Lets one in at a time, in the order of asking: a model and what it caches have one user. */
export class Turnstile {
  #last: Promise<void> = Promise.resolve();

  /** Resolves when everyone before has left; dispose the result to leave. Rejects with `cancelled` when aborted. */
  async enter(signal?: AbortSignal): Promise<Disposable> {
    const before = this.#last;
    const { promise: left, resolve: leave } = Promise.withResolvers<void>();
    this.#last = left;
    await before;
    if (signal?.aborted) {
      leave();
      throw new AppError("cancelled", "The request was cancelled while it waited.");
    }
    return { [Symbol.dispose]: leave };
  }
}
