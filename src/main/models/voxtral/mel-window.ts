import type { MelBlock } from "../services.ts";

const BINS = 128;
const FRAMES = 3000;
/** log10 of the smallest power the extractor knows: frames never sent are silent. */
const SILENCE = -10;
/** Everything further than this below the loudest point of the window is raised to that floor (Whisper's extractor). */
const DYNAMIC_RANGE = 8;

/** Collects one 30 s window of log-mel frames and makes the encoder's input of it. */
export class MelWindow {
  static readonly frames = FRAMES;
  readonly #raw = new Float32Array(FRAMES * BINS).fill(SILENCE);

  get bytes(): number {
    return this.#raw.byteLength;
  }

  add(block: MelBlock): void {
    this.#raw.set(block.data.subarray(0, block.frames * BINS), block.startFrame * BINS);
  }

  /** Bin-major [128, 3000], floored and scaled by (x + 4) / 4. */
  normalised(): Float32Array {
    let loudest = SILENCE;
    for (const value of this.#raw) if (value > loudest) loudest = value;
    const floor = loudest - DYNAMIC_RANGE;
    const values = new Float32Array(FRAMES * BINS);
    for (let frame = 0; frame < FRAMES; frame++) {
      for (let bin = 0; bin < BINS; bin++) {
        values[bin * FRAMES + frame] = (Math.max(this.#raw[frame * BINS + bin]!, floor) + 4) / 4;
      }
    }
    return values;
  }
}
