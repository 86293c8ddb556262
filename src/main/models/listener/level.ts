/** 32 ms at 16 kHz: often enough for a meter, rare enough to cost nothing. */
const BLOCK_SAMPLES = 512;

export interface Level {
  readonly rms: number;
  readonly peak: number;
}

/** Loudness of `samples`: both in [0, 1], 0 for none. Resampling may overshoot full scale a little; that is full, too. */
export function measureLevel(samples: Float32Array): Level {
  let sum = 0;
  let peak = 0;
  for (const sample of samples) {
    sum += sample * sample;
    peak = Math.max(peak, Math.abs(sample));
  }
  const rms = samples.length === 0 ? 0 : Math.sqrt(sum / samples.length);
  return { rms: Math.min(1, rms), peak: Math.min(1, peak) };
}

/** Cuts a stream into blocks of 32 ms and reports each one's level. */
export class LevelMeter {
  readonly #report: (level: Level) => void;
  readonly #block = new Float32Array(BLOCK_SAMPLES);
  #filled = 0;

  constructor(report: (level: Level) => void) {
    this.#report = report;
  }

  push(samples: Float32Array): void {
    for (let taken = 0; taken < samples.length;) {
      const part = samples.subarray(taken, taken + BLOCK_SAMPLES - this.#filled);
      this.#block.set(part, this.#filled);
      this.#filled += part.length;
      taken += part.length;
      if (this.#filled < BLOCK_SAMPLES) return;
      this.#report(measureLevel(this.#block));
      this.#filled = 0;
    }
  }
}
