import { measureLevel, type Level } from "./level.ts";

/** 32 ms at 16 kHz: what Silero judges at once, and how often a level meter wants to know. */
export const FRAME_SAMPLES = 512;
/** 8 ms: short enough that the burst of a plosive stands out of the silence around it. */
export const SLICE_SAMPLES = 128;

/** A frame of the stream: its samples (a view that the next one overwrites is never handed out) and where it ends. */
export interface Frame {
  readonly samples: Float32Array;
  /** Position of the first sample after it, counted from the stream's beginning. */
  readonly endSample: number;
}

/** Cuts a stream into frames of 32 ms on a fixed grid, however it arrives. */
export class FrameCutter {
  readonly #frame = new Float32Array(FRAME_SAMPLES);
  #filled = 0;
  #endSample = 0;

  /** The frames that `samples` completes. */
  push(samples: Float32Array): Frame[] {
    const frames: Frame[] = [];
    for (let taken = 0; taken < samples.length;) {
      const part = samples.subarray(taken, taken + FRAME_SAMPLES - this.#filled);
      this.#frame.set(part, this.#filled);
      this.#filled += part.length;
      taken += part.length;
      if (this.#filled < FRAME_SAMPLES) break;
      this.#filled = 0;
      this.#endSample += FRAME_SAMPLES;
      frames.push({ samples: this.#frame.slice(), endSample: this.#endSample });
    }
    return frames;
  }

  /** A copy of what waits for the rest of its frame: 0 to 511 samples. */
  rest(): Float32Array {
    return this.#frame.slice(0, this.#filled);
  }
}

/** How loud a frame is: level of the whole, and RMS without what is no sound. */
export interface Loudness extends Level {
  /** RMS of the whole about the mean of each 8 ms: neither a constant offset nor mains hum counts. */
  readonly sound: number;
  /** The same of each 8 ms; the last may be shorter. */
  readonly slices: readonly number[];
}

/** Loudness of a frame, or of less than one. */
export function measureLoudness(samples: Float32Array): Loudness {
  const slices: number[] = [];
  let sum = 0;
  for (let at = 0; at < samples.length; at += SLICE_SAMPLES) {
    const slice = samples.subarray(at, at + SLICE_SAMPLES);
    const energy = energyAboutMean(slice);
    sum += energy;
    slices.push(Math.sqrt(energy / slice.length));
  }
  const sound = samples.length === 0 ? 0 : Math.sqrt(sum / samples.length);
  return { ...measureLevel(samples), sound, slices };
}

function energyAboutMean(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample;
  const mean = sum / samples.length;
  let energy = 0;
  for (const sample of samples) energy += (sample - mean) ** 2;
  return energy;
}
