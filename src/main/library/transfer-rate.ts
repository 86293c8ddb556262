/** Long enough to be steady, short enough to follow a line that gets worse. */
const WINDOW_MS = 10_000;

/** Speed of a transfer over its last ten seconds. Pure: the caller says when each report came. */
export class TransferRate {
  readonly #samples: { readonly atMs: number; readonly bytes: number }[] = [];

  /** `bytes` are here at `atMs`. Fewer than before starts anew: something turned out wrong. */
  add(atMs: number, bytes: number): void {
    if (bytes < (this.#samples.at(-1)?.bytes ?? 0)) this.#samples.length = 0;
    this.#samples.push({ atMs, bytes });
    while (this.#samples.length > 2 && this.#samples[1]!.atMs <= atMs - WINDOW_MS) this.#samples.shift();
  }

  /** 0 until there are two moments to compare. */
  get bytesPerSecond(): number {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)];
    if (!first || !last || last.atMs <= first.atMs) return 0;
    return ((last.bytes - first.bytes) / (last.atMs - first.atMs)) * 1000;
  }

  /** Milliseconds until `leftBytes` are here at this speed; null while nothing moves. */
  leftMs(leftBytes: number): number | null {
    const { bytesPerSecond } = this;
    return bytesPerSecond > 0 ? (leftBytes / bytesPerSecond) * 1000 : null;
  }
}
