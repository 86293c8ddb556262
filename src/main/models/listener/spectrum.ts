/** Window and transform length of Whisper's and Voxtral's front end: 25 ms at 16 kHz (preprocessor_config.json). */
export const FFT_SIZE = 400;
export const FREQUENCY_BINS = FFT_SIZE / 2 + 1;

// 400 real points are transformed as 200 complex ones; 200 = 8 · 25 (Cooley & Tukey 1965, decimation in time).
const HALF = FFT_SIZE / 2;
const INNER = 25;
const OUTER = HALF / INNER;

/** The first `length` powers of the primitive root of unity exp(−2πi / denominator). */
function table(length: number, denominator: number): { re: Float64Array; im: Float64Array } {
  const angle = (-2 * Math.PI) / denominator;
  return {
    re: Float64Array.from({ length }, (_, k) => Math.cos(angle * k)),
    im: Float64Array.from({ length }, (_, k) => Math.sin(angle * k)),
  };
}

/** Power spectrum of one 400-sample frame, without allocation after construction. */
export class PowerSpectrum {
  readonly #re = new Float64Array(HALF);
  readonly #im = new Float64Array(HALF);
  readonly #inner = table(INNER, INNER);
  readonly #outer = table(OUTER, OUTER);
  readonly #twiddle = table(HALF, HALF);
  readonly #split = table(HALF + 1, FFT_SIZE);
  readonly #midRe = new Float64Array(HALF);
  readonly #midIm = new Float64Array(HALF);

  /** `frame` holds 400 windowed samples; `power` receives 201 values |X[k]|². */
  transform(frame: Float64Array, power: Float64Array): void {
    this.#columns(frame);
    this.#rows();
    this.#separate(power);
  }

  /** 25-point transforms of every 8th pair of samples, then the twiddle factors. */
  #columns(frame: Float64Array): void {
    const { re: cos, im: sin } = this.#inner;
    for (let column = 0; column < OUTER; column++) {
      for (let k = 0; k < INNER; k++) {
        let re = 0;
        let im = 0;
        let turn = 0;
        for (let n = 0; n < INNER; n++) {
          const at = 2 * (n * OUTER + column);
          const x = frame[at]!;
          const y = frame[at + 1]!;
          re += x * cos[turn]! - y * sin[turn]!;
          im += x * sin[turn]! + y * cos[turn]!;
          turn += k;
          if (turn >= INNER) turn -= INNER;
        }
        const c = this.#twiddle.re[column * k]!;
        const s = this.#twiddle.im[column * k]!;
        this.#midRe[column * INNER + k] = re * c - im * s;
        this.#midIm[column * INNER + k] = re * s + im * c;
      }
    }
  }

  /** 8-point transforms across the columns. */
  #rows(): void {
    const { re: cos, im: sin } = this.#outer;
    for (let k = 0; k < INNER; k++) {
      for (let q = 0; q < OUTER; q++) {
        let re = 0;
        let im = 0;
        for (let column = 0; column < OUTER; column++) {
          const turn = (q * column) % OUTER;
          const x = this.#midRe[column * INNER + k]!;
          const y = this.#midIm[column * INNER + k]!;
          re += x * cos[turn]! - y * sin[turn]!;
          im += x * sin[turn]! + y * cos[turn]!;
        }
        this.#re[q * INNER + k] = re;
        this.#im[q * INNER + k] = im;
      }
    }
  }

  /** Takes the spectrum of the even and odd samples apart and joins them to that of the real frame. */
  #separate(power: Float64Array): void {
    for (let k = 0; k <= HALF; k++) {
      const a = k % HALF;
      const b = (HALF - k) % HALF;
      const evenRe = (this.#re[a]! + this.#re[b]!) / 2;
      const evenIm = (this.#im[a]! - this.#im[b]!) / 2;
      const oddRe = (this.#im[a]! + this.#im[b]!) / 2;
      const oddIm = (this.#re[b]! - this.#re[a]!) / 2;
      const c = this.#split.re[k]!;
      const s = this.#split.im[k]!;
      const re = evenRe + oddRe * c - oddIm * s;
      const im = evenIm + oddRe * s + oddIm * c;
      power[k] = re * re + im * im;
    }
  }
}
