import type { Clock } from "../../shared/clock.ts";
import type { DeadlinePlanner } from "./deadline-planner.ts";

export interface StartGateOptions {
  readonly deadline: DeadlinePlanner;
  readonly clock: Clock;
  /** Lets the sound go; `waitedMs` is how long its first chunk was there. Called once. */
  readonly open: (waitedMs: number) => void;
}

/**
 * Holds a reply's sound until none of its segments can be late any more (R43). Where speech is made faster than it sounds
 * that is at once; where it is not, the start waits, so that the voice need not stop in the middle of a sentence.
 */
export class StartGate implements Disposable {
  readonly #options: StartGateOptions;
  #timer: Disposable | undefined;
  #firstMadeMs: number | undefined;
  #isOpen = false;

  constructor(options: StartGateOptions) {
    this.#options = options;
  }

  /** Something was planned, made, or is known to be the last: looks again whether the sound may start. */
  check(): void {
    if (this.#isOpen) return;
    const { deadline, clock } = this.#options;
    this.#timer?.[Symbol.dispose]();
    const waitMs = deadline.startsInMs();
    if (waitMs === Number.POSITIVE_INFINITY) return;
    this.#firstMadeMs ??= clock.nowMs();
    if (waitMs <= 0) this.#open();
    else this.#timer = clock.after(waitMs, () => this.check());
  }

  /** Ends the wait, if there still is one: everything is there, or nothing will be. */
  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
    if (!this.#isOpen) this.#open();
  }

  #open(): void {
    this.#isOpen = true;
    this.#options.deadline.started();
    const { clock, open } = this.#options;
    open(this.#firstMadeMs === undefined ? 0 : clock.nowMs() - this.#firstMadeMs);
  }
}
