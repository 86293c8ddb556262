import type { MelBlock } from "../services.ts";
import { MelWindow } from "./mel-window.ts";

/** Embeddings of one window's content, [windowPositions × hiddenSize]. */
export interface WindowFeatures {
  readonly serial: number;
  readonly values: Float32Array;
}

/** The last frames of one window, as they would be if the utterance ended here. */
interface EndingWindow {
  readonly blocks: MelBlock[];
  frames: number;
  serial: number | undefined;
  features: WindowFeatures | undefined;
}

/**
 * How an open utterance would end if nothing more were said. It lies beside what was really heard and changes nothing of
 * it: mel of the last frames, and what was made of them, until the end comes true or more is said.
 */
export class ProvisionalEnding {
  readonly #windows = new Map<number, EndingWindow>();
  #samples: number | undefined;
  #isWhole = true;

  /** Length of the utterance with this ending; undefined while its last block has not come, or one was missed. */
  get samples(): number | undefined {
    return this.#isWhole ? this.#samples : undefined;
  }

  /** Whether its last block has come: the next provisional block begins another ending. */
  get isComplete(): boolean {
    return this.#samples !== undefined;
  }

  get bytes(): number {
    let sum = 0;
    for (const { blocks, features } of this.#windows.values()) {
      for (const { data } of blocks) sum += data.byteLength;
      sum += features?.values.byteLength ?? 0;
    }
    return sum;
  }

  /** Adds a block; `heardFrames` is how much of its window has really been heard. */
  add(block: MelBlock, heardFrames: number): void {
    if (block.final) this.#samples = block.final.samples;
    // Nothing to add: the window's content stays what it is.
    if (block.frames === 0) return;
    let window = this.#windows.get(block.window);
    if (!window) {
      window = { blocks: [], frames: heardFrames, serial: undefined, features: undefined };
      this.#windows.set(block.window, window);
    }
    if (block.startFrame !== window.frames) this.#isWhole = false;
    window.blocks.push(block);
    window.frames = block.startFrame + block.frames;
  }

  has(window: number): boolean {
    return this.#windows.has(window);
  }

  /** Frames of a window with this ending. */
  frames(window: number): number {
    return this.#windows.get(window)?.frames ?? 0;
  }

  /** Whether `block` says for real what this ending supposed. */
  isConfirmedBy(block: MelBlock): boolean {
    const { final, window, startFrame, frames } = block;
    return (
      final !== undefined &&
      final.samples === this.samples &&
      this.has(window) &&
      this.frames(window) === startFrame + frames
    );
  }

  /** The content number of a window with this ending, made by `next` the first time. */
  serial(window: number, next: () => number): number | undefined {
    const ending = this.#windows.get(window);
    if (!ending) return undefined;
    ending.serial ??= next();
    return ending.serial;
  }

  /** The number if it was ever asked for. */
  knownSerial(window: number): number | undefined {
    return this.#windows.get(window)?.serial;
  }

  features(window: number): WindowFeatures | undefined {
    return this.#windows.get(window)?.features;
  }

  keep(window: number, features: WindowFeatures): void {
    const ending = this.#windows.get(window);
    if (ending) ending.features = features;
  }

  /** Windows it covers, oldest first. */
  get windows(): Iterable<number> {
    return this.#windows.keys();
  }

  /** The encoder's input: what was heard of the window, then this ending. */
  normalised(window: number, heard: MelWindow | undefined): Float32Array {
    const mel = heard?.copy() ?? new MelWindow();
    for (const block of this.#windows.get(window)?.blocks ?? []) mel.add(block);
    return mel.normalised();
  }
}
