/** Loudness in [0, 1], for the level meter. */
export interface BlockLevel {
  readonly rms: number;
  readonly peak: number;
}

export interface CaptureBlocksOptions {
  /** Samples of a block. */
  readonly blockSamples: number;
  /** A level is told of so many blocks together: a meter needs no more of them than the eye sees. */
  readonly levelBlocks: number;
  /** `level` is null where it is not told yet. */
  readonly emit: (samples: Float32Array<ArrayBuffer>, level: BlockLevel | null) => void;
}

/**
 * Joins the 128-sample quanta of the audio thread into blocks of mono samples. Several channels are averaged: a stereo
 * microphone carries the same voice twice.
 */
export class CaptureBlocks {
  readonly #options: CaptureBlocksOptions;
  #block: Float32Array<ArrayBuffer>;
  #filled = 0;
  /** Of the blocks since the last level. */
  #squares = 0;
  #peak = 0;
  #blocks = 0;

  constructor(options: CaptureBlocksOptions) {
    this.#options = options;
    this.#block = new Float32Array(options.blockSamples);
  }

  push(channels: readonly Float32Array[]): void {
    const length = channels[0]?.length ?? 0;
    for (let index = 0; index < length; index++) {
      let sum = 0;
      for (const channel of channels) sum += channel[index] ?? 0;
      this.#block[this.#filled] = sum / channels.length;
      this.#filled += 1;
      if (this.#filled === this.#options.blockSamples) this.#flush();
    }
  }

  #flush(): void {
    for (const sample of this.#block) {
      this.#squares += sample * sample;
      this.#peak = Math.max(this.#peak, Math.abs(sample));
    }
    this.#blocks += 1;
    const samples = this.#block;
    // The receiver takes the block over, so the next one is a new array: one small allocation in about 8 ms.
    this.#block = new Float32Array(this.#options.blockSamples);
    this.#filled = 0;
    this.#options.emit(samples, this.#level());
  }

  #level(): BlockLevel | null {
    const { blockSamples, levelBlocks } = this.#options;
    if (this.#blocks < levelBlocks) return null;
    const level = { rms: Math.sqrt(this.#squares / (this.#blocks * blockSamples)), peak: this.#peak };
    this.#squares = 0;
    this.#peak = 0;
    this.#blocks = 0;
    return level;
  }
}

/** How many blocks a level is told of: about 24 ms, forty a second. */
export const LEVEL_BLOCKS = 3;

/**
 * About 8 ms in whole quanta of 128. A pause is seen, and a question's end is here, half a block late on average; 24 ms
 * made that 12.
 */
export function captureBlockSamples(sampleRateHz: number): number {
  return Math.max(1, Math.round((sampleRateHz * 0.008) / 128)) * 128;
}
