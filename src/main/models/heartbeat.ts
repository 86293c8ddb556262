import type { Clock } from "../../shared/clock.ts";
import type { Busy } from "./control.ts";

export interface HeartbeatOptions {
  readonly clock: Clock;
  /** Time between two beats. */
  readonly everyMs: number;
  /** How long a process may be silent once it is ready. */
  readonly hangMs: number;
  /** How long it may be silent before: it loads libraries and gigabytes of weights. */
  readonly startMs: number;
  /** Asks for a sign of life; the answer arrives through `alive`. */
  readonly ping: () => void;
  /** Called at most once. `op` is what the process said it was doing. */
  readonly onHang: (silentMs: number, op: string | undefined) => void;
}

/**
 * Watches one process. Silence is counted in beats and not read from the clock, so that a machine that slept for an
 * hour finds one beat missing and not a hang.
 */
export class Heartbeat implements Disposable {
  readonly #options: HeartbeatOptions;
  #silentMs = 0;
  #isReady = false;
  #busy: Busy | null = null;
  #timer: Disposable | undefined;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
    this.#schedule();
  }

  /** Any message of the process counts. */
  alive(): void {
    this.#silentMs = 0;
  }

  ready(): void {
    this.#isReady = true;
    this.#silentMs = 0;
  }

  busy(busy: Busy | null): void {
    this.#busy = busy;
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
  }

  #schedule(): void {
    const { clock, everyMs } = this.#options;
    this.#timer = clock.after(everyMs, () => this.#beat());
  }

  #beat(): void {
    const { everyMs, hangMs, startMs, ping, onHang } = this.#options;
    this.#silentMs += everyMs;
    const limitMs = Math.max(this.#isReady ? hangMs : startMs, this.#busy?.budgetMs ?? 0);
    if (this.#silentMs > limitMs) {
      this[Symbol.dispose]();
      onHang(this.#silentMs, this.#busy?.op);
      return;
    }
    ping();
    this.#schedule();
  }
}
