import { AppError } from "./errors.ts";
import { streamWindow, trusted } from "./rpc-wire.ts";

export interface ClientStreamHost {
  /** Allows the producer this many more parts. */
  grant(credits: number): void;
  /** Called once: `final` after the producer's last message, `left` when the consumer goes first. */
  settled(how: "final" | "left"): void;
  /** Reports that the producer broke the contract. */
  breach(what: string): void;
}

/** Grants go out in halves of the window: the producer never runs dry, and most parts cost no message back. */
const grantSize = streamWindow / 2;

/**
 * The consumer's end of one stream. Parts wait here until they are taken, at most a window of them. Parts that came
 * before an error of the producer are still delivered; a cancellation drops them.
 */
export class ClientStream<Part> implements AsyncIterableIterator<Part, undefined> {
  readonly #host: ClientStreamHost;
  #parts: Part[] = [];
  #waiters: PromiseWithResolvers<IteratorResult<Part, undefined>>[] = [];
  #isSettled = false;
  /** Thrown once, when the parts are used up. */
  #error: AppError | undefined;
  /** Parts taken since the last grant. */
  #taken = 0;

  constructor(host: ClientStreamHost) {
    this.#host = host;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<Part, undefined>> {
    if (this.#parts.length > 0) {
      const value = this.#parts.shift()!;
      this.#countTaken();
      return Promise.resolve({ done: false, value });
    }
    if (this.#error) {
      const error = this.#error;
      this.#error = undefined;
      return Promise.reject(error);
    }
    if (this.#isSettled) return Promise.resolve({ done: true, value: undefined });
    const waiter = Promise.withResolvers<IteratorResult<Part, undefined>>();
    this.#waiters.push(waiter);
    return waiter.promise;
  }

  /** The consumer leaves: what is left is dropped and the producer is cancelled. */
  return(): Promise<IteratorResult<Part, undefined>> {
    this.#parts = [];
    this.#error = undefined;
    this.#settle("left");
    return Promise.resolve({ done: true, value: undefined });
  }

  /** Like `return`, but whoever waits for a part, or asks next, gets `error`. */
  cancel(error: AppError): void {
    this.#parts = [];
    this.#fail("left", error);
  }

  part(value: unknown): void {
    if (this.#parts.length >= streamWindow) {
      this.#host.breach("more parts than credits");
      // Dropping one would leave a hole in the stream.
      this.cancel(new AppError("protocol", "The other end sent more than was asked for."));
      return;
    }
    const waiter = this.#waiters.shift();
    if (!waiter) {
      this.#parts.push(trusted(value));
      return;
    }
    this.#countTaken();
    waiter.resolve({ done: false, value: trusted(value) });
  }

  result(): void {
    this.#host.breach("a result for a stream");
  }

  end(): void {
    this.#settle("final");
  }

  fail(error: AppError): void {
    this.#fail("final", error);
  }

  #fail(how: "final" | "left", error: AppError): void {
    if (this.#isSettled) return;
    const [first] = this.#waiters;
    if (first) {
      this.#waiters.shift();
      first.reject(error);
    } else {
      this.#error = error;
    }
    this.#settle(how);
  }

  #settle(how: "final" | "left"): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    for (const waiter of this.#waiters) waiter.resolve({ done: true, value: undefined });
    this.#waiters = [];
    this.#host.settled(how);
  }

  #countTaken(): void {
    if (this.#isSettled) return;
    this.#taken += 1;
    if (this.#taken < grantSize) return;
    this.#host.grant(this.#taken);
    this.#taken = 0;
  }
}
