/** Keeps what the microphone sends, from its making until it is disposed. */
export class BlockRecorder implements Disposable {
  readonly #blocks: Float32Array[] = [];
  readonly #waiting = new Set<() => void>();
  readonly #onDispose: () => void;
  #length = 0;
  #rateHz = 0;

  constructor(onDispose: () => void) {
    this.#onDispose = onDispose;
  }

  /** Samples kept so far. */
  get length(): number {
    return this.#length;
  }

  /** Of the newest block; 0 before the first. */
  get rateHz(): number {
    return this.#rateHz;
  }

  push(samples: Float32Array, rateHz: number): void {
    this.#blocks.push(samples);
    this.#length += samples.length;
    this.#rateHz = rateHz;
    for (const check of this.#waiting) check();
  }

  /** Resolves when this much sound has been kept. */
  reached(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const check = (): void => {
      if (this.#rateHz === 0 || this.#length < (ms / 1000) * this.#rateHz) return;
      this.#waiting.delete(check);
      resolve();
    };
    this.#waiting.add(check);
    check();
    return promise;
  }

  samples(): Float32Array {
    const joined = new Float32Array(this.#length);
    let at = 0;
    for (const block of this.#blocks) {
      joined.set(block, at);
      at += block.length;
    }
    return joined;
  }

  [Symbol.dispose](): void {
    this.#waiting.clear();
    this.#onDispose();
  }
}
