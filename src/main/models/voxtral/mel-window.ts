import type { MelBlock } from "../services.ts";

const BINS = 128;
const FRAMES = 3000;
/** log10 of the smallest power the extractor knows: frames never sent are silent. */
const SILENCE = -10;
/** Everything further than this below the loudest point of the window is raised to that floor (Whisper's extractor). */
const DYNAMIC_RANGE = 8;

/**
 * Collects one 30 s window of log-mel frames and makes the encoder's input of it. Turning frame-major into bin-major is
 * done as blocks arrive, so that a short question costs well under a millisecond once it ends (26 ms otherwise).
 */
export class MelWindow {
  static readonly frames = FRAMES;
  readonly #raw = new Float32Array(BINS * FRAMES).fill(SILENCE);
  #loudest = SILENCE;
  #end = 0;

  get bytes(): number {
    return this.#raw.byteLength;
  }

  copy(): MelWindow {
    const copy = new MelWindow();
    copy.#raw.set(this.#raw);
    copy.#loudest = this.#loudest;
    copy.#end = this.#end;
    return copy;
  }

  add({ data, startFrame, frames }: MelBlock): void {
    const raw = this.#raw;
    let loudest = this.#loudest;
    for (let frame = 0; frame < frames; frame++) {
      for (let bin = 0; bin < BINS; bin++) {
        const value = data[frame * BINS + bin]!;
        if (value > loudest) loudest = value;
        raw[bin * FRAMES + startFrame + frame] = value;
      }
    }
    this.#loudest = loudest;
    this.#end = Math.max(this.#end, startFrame + frames);
  }

  /** Bin-major [128, 3000], floored and scaled by (x + 4) / 4. */
  normalised(): Float32Array {
    const raw = this.#raw;
    const end = this.#end;
    const floor = Math.max(SILENCE, this.#loudest - DYNAMIC_RANGE);
    const values = new Float32Array(BINS * FRAMES).fill((floor + 4) / 4);
    for (let row = 0; row < values.length; row += FRAMES) {
      for (let at = row; at < row + end; at++) {
        const value = raw[at]!;
        if (value > floor) values[at] = (value + 4) / 4;
      }
    }
    return values;
  }
}
