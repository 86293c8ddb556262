import type { Clock } from "../../shared/clock.ts";

export interface AllowanceLimits {
  /** What may pass in a second in the long run, and how many seconds' worth may pass at once. */
  readonly messagesPerSecond: number;
  readonly bytesPerSecond: number;
  readonly burstSeconds: number;
}

/** A token bucket over messages and bytes: what one connection may send. */
export class Allowance {
  readonly #limits: AllowanceLimits;
  readonly #clock: Clock;
  #messages: number;
  #bytes: number;
  #refilledAtMs: number;

  constructor(limits: AllowanceLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
    this.#messages = limits.messagesPerSecond * limits.burstSeconds;
    this.#bytes = limits.bytesPerSecond * limits.burstSeconds;
    this.#refilledAtMs = clock.nowMs();
  }

  /** Counts one message; false when it is one too many. */
  take(bytes: number): boolean {
    const { messagesPerSecond, bytesPerSecond, burstSeconds } = this.#limits;
    const nowMs = this.#clock.nowMs();
    const seconds = Math.max(0, nowMs - this.#refilledAtMs) / 1000;
    this.#refilledAtMs = nowMs;
    this.#messages = Math.min(messagesPerSecond * burstSeconds, this.#messages + seconds * messagesPerSecond);
    this.#bytes = Math.min(bytesPerSecond * burstSeconds, this.#bytes + seconds * bytesPerSecond);
    this.#messages -= 1;
    this.#bytes -= bytes;
    return this.#messages >= 0 && this.#bytes >= 0;
  }
}
