import { LISTEN_RATE_HZ } from "../../../shared/audio.ts";

/** A block this much later than expected was not delayed: the microphone had paused. */
const GAP_MS = 500;
/** What the estimate gives way per second of audio, so that a sound card slower than our clock is followed. */
const DRIFT_MS_PER_S = 0.5;

/**
 * When a sample was heard, from when its block arrived. Blocks come late, never early, so the least delayed one of late
 * tells the truth; what all have in common (the way from the microphone to here) stays in it.
 */
export class StreamTimes {
  #originMs = Infinity;

  /** A block of `samples` that ends at position `endSample` arrived at `nowMs`. */
  arrived(samples: number, endSample: number, nowMs: number): void {
    const originMs = nowMs - toMs(endSample);
    const expectedMs = this.#originMs + (toMs(samples) / 1000) * DRIFT_MS_PER_S;
    this.#originMs = originMs > expectedMs + GAP_MS ? originMs : Math.min(expectedMs, originMs);
  }

  /** When the sample at `position` was heard: epoch milliseconds, or the time of arrival before anything arrived. */
  at(position: number): number {
    return this.#originMs + toMs(position);
  }
}

function toMs(samples: number): number {
  return (samples * 1000) / LISTEN_RATE_HZ;
}
