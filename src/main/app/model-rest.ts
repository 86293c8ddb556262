import type { Phase } from "../../shared/app-contract.ts";
import type { Clock } from "../../shared/clock.ts";

export interface ModelRestOptions {
  readonly clock: Clock;
  /** Minutes without a word after which the models rest; 0 keeps them. Asked whenever the count begins. */
  readonly afterMinutes: () => number;
  readonly rest: () => void;
  readonly wake: () => void;
}

/** Lets the models rest when nobody has talked for a while, and wakes them as soon as somebody begins to. */
export class ModelRest implements Disposable {
  readonly #options: ModelRestOptions;
  #timer: Disposable | undefined;
  #phase: Phase = "idle";

  constructor(options: ModelRestOptions) {
    this.#options = options;
    this.#count();
  }

  /** What the assistant does now. */
  phase(phase: Phase): void {
    this.#phase = phase;
    this.#count();
    if (phase !== "idle") this.#options.wake();
  }

  /** Settings changed: the count begins again. */
  configure(): void {
    this.#count();
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
  }

  #count(): void {
    this[Symbol.dispose]();
    const { clock, afterMinutes, rest } = this.#options;
    const minutes = afterMinutes();
    if (this.#phase === "idle" && minutes > 0) this.#timer = clock.after(minutes * 60_000, rest);
  }
}
