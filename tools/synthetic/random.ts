/** xorshift32 (Marsaglia 2003, Xorshift RNGs): fast, and the same numbers everywhere for the same seed. */
export class RandomBits {
  #state: number;

  /** `seed` may be any text. */
  constructor(seed: string) {
    // FNV-1a, so that similar names give unlike numbers; 0 is the one state xorshift never leaves.
    let hash = 2_166_136_261;
    for (const letter of seed) hash = Math.imul(hash ^ letter.codePointAt(0)!, 16_777_619);
    this.#state = hash === 0 ? 1 : hash;
  }

  /** Writes random bits over `words`. */
  write(words: Uint32Array): void {
    let state = this.#state;
    for (let i = 0; i < words.length; i++) {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      words[i] = state;
    }
    this.#state = state;
  }
}

/** Standard deviation of a uniform distribution over [-1, 1). */
const UNIFORM_DEVIATION = 1 / Math.sqrt(3);

/** Random numbers of mean 0 and this standard deviation, uniformly distributed, into `out`. */
export function fillFloats(bits: RandomBits, out: Float32Array, deviation: number): void {
  const words = new Uint32Array(out.length);
  bits.write(words);
  const scale = deviation / UNIFORM_DEVIATION / 2 ** 31;
  for (let i = 0; i < out.length; i++) out[i] = (words[i]! - 2 ** 31) * scale;
}
