/** Loudness of a block in [0, 1], for the level meter. */
export interface BlockLevel {
  readonly rms: number;
  readonly peak: number;
}

/**
 * Joins the 128-sample quanta of the audio thread into blocks of `blockSamples` mono samples. Several channels are
 * averaged: a stereo microphone carries the same voice twice.
 */
export class CaptureBlocks {
  readonly #blockSamples: number;
  readonly #emit: (samples: Float32Array<ArrayBuffer>, level: BlockLevel) => void;
  #block: Float32Array<ArrayBuffer>;
  #filled = 0;

  constructor(blockSamples: number, emit: (samples: Float32Array<ArrayBuffer>, level: BlockLevel) => void) {
    this.#blockSamples = blockSamples;
    this.#emit = emit;
    this.#block = new Float32Array(blockSamples);
  }

  push(channels: readonly Float32Array[]): void {
    const length = channels[0]?.length ?? 0;
    for (let index = 0; index < length; index++) {
      let sum = 0;
      for (const channel of channels) sum += channel[index] ?? 0;
      this.#block[this.#filled] = sum / channels.length;
      this.#filled += 1;
      if (this.#filled === this.#blockSamples) this.#flush();
    }
  }

  #flush(): void {
    let squares = 0;
    let peak = 0;
    for (const sample of this.#block) {
      squares += sample * sample;
      peak = Math.max(peak, Math.abs(sample));
    }
    const samples = this.#block;
    // The receiver takes the block over, so the next one is a new array: one allocation in about 24 ms.
    this.#block = new Float32Array(this.#blockSamples);
    this.#filled = 0;
    this.#emit(samples, { rms: Math.sqrt(squares / this.#blockSamples), peak });
  }
}

/** About 24 ms in whole quanta of 128: small enough to add little delay, large enough not to flood the port. */
export function captureBlockSamples(sampleRateHz: number): number {
  return Math.max(1, Math.round((sampleRateHz * 0.024) / 128)) * 128;
}
