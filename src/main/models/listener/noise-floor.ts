/** About 3 s of frames: nobody speaks that long without closing the mouth once. */
const REMEMBERED_FRAMES = 94;
/** −50 dBFS: a quiet room, until the first second has told. Speech that comes first must not be taken for noise. */
const FIRST_GUESS = 0.003;
const GUESSED_FRAMES = 31;
/** −80 dBFS: digital silence and the last bit of 16 are no reference for anything. */
const LOWEST = 1e-4;

/**
 * Level of the background, as the quietest frame of the last seconds: minimum statistics (Martin 2001, Noise power
 * spectral density estimation), broadband. It falls at once and rises when a louder background has lasted.
 */
export class NoiseFloor {
  readonly #levels = new Float64Array(REMEMBERED_FRAMES).fill(Infinity);
  #pushed = 0;
  #level = FIRST_GUESS;

  /** How far `level` (an RMS in [0, 1]) stands above the background, in dB; -Infinity for 0. */
  excessDb(level: number): number {
    return 20 * Math.log10(level / this.#level);
  }

  /** One frame more. */
  push(level: number): void {
    this.#levels[this.#pushed % REMEMBERED_FRAMES] = level;
    this.#pushed++;
    const guess = this.#pushed < GUESSED_FRAMES ? FIRST_GUESS : Infinity;
    this.#level = Math.max(LOWEST, Math.min(guess, ...this.#levels));
  }
}
