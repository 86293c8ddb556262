/** The newest samples of an endless stream: what a key pressed now should still have heard (R12). */
export class SampleRing {
  readonly #buffer: Float32Array;
  #written = 0;

  constructor(capacity: number) {
    this.#buffer = new Float32Array(capacity);
  }

  push(samples: Float32Array): void {
    const size = this.#buffer.length;
    // Of a block longer than the ring only the end can survive.
    const kept = samples.subarray(Math.max(0, samples.length - size));
    const at = (this.#written + samples.length - kept.length) % size;
    const head = kept.subarray(0, size - at);
    this.#buffer.set(head, at);
    this.#buffer.set(kept.subarray(head.length), 0);
    this.#written += samples.length;
  }

  /** How many samples were ever pushed: the position of the next one. */
  get written(): number {
    return this.#written;
  }

  /** A copy of the newest `count` samples, or of as many as there are. */
  newest(count: number): Float32Array {
    const size = this.#buffer.length;
    const length = Math.min(count, size, this.#written);
    const newest = new Float32Array(length);
    const from = (this.#written - length) % size;
    const head = this.#buffer.subarray(from, Math.min(size, from + length));
    newest.set(head);
    newest.set(this.#buffer.subarray(0, length - head.length), head.length);
    return newest;
  }
}
