/** Window and transform length of Whisper's and Voxtral's front end: 25 ms at 16 kHz (preprocessor_config.json). */
export const FFT_SIZE = 400;
export const FREQUENCY_BINS = FFT_SIZE / 2 + 1;

/** 400 real points are transformed as 200 complex ones; 200 = 5 · 5 · 2 · 2 · 2. */
const HALF = FFT_SIZE / 2;
const RADICES = [5, 5, 2, 2, 2] as const;

const COS_72 = Math.cos((2 * Math.PI) / 5);
const SIN_72 = Math.sin((2 * Math.PI) / 5);
const COS_144 = Math.cos((4 * Math.PI) / 5);
const SIN_144 = Math.sin((4 * Math.PI) / 5);

/** Complex numbers, real and imaginary parts apart. */
interface Complex {
  readonly re: Float64Array;
  readonly im: Float64Array;
}

/** One pass over all points: `groups` transforms of the radix for each of `stride` interleaved sequences. */
interface Pass {
  readonly radix: 2 | 5;
  readonly groups: number;
  readonly stride: number;
  /** Powers exp(−2πi·k / (radix·groups)). */
  readonly turns: Complex;
}

function complex(length: number): Complex {
  return { re: new Float64Array(length), im: new Float64Array(length) };
}

/** The first `length` powers of the primitive root of unity exp(−2πi / denominator). */
function rootPowers(length: number, denominator: number): Complex {
  const angle = (-2 * Math.PI) / denominator;
  return {
    re: Float64Array.from({ length }, (_, k) => Math.cos(angle * k)),
    im: Float64Array.from({ length }, (_, k) => Math.sin(angle * k)),
  };
}

/**
 * Power spectrum of one 400-sample frame, without allocation after construction: Stockham's self-sorting transform
 * (Cochran et al. 1967), decimation in frequency.
 */
export class PowerSpectrum {
  readonly #passes: readonly Pass[];
  // One point more, so that the spectrum's period closes without a modulo.
  #from = complex(HALF + 1);
  #to = complex(HALF + 1);
  readonly #split = rootPowers(HALF + 1, FFT_SIZE);

  constructor() {
    let length = HALF;
    this.#passes = RADICES.map((radix) => {
      const stride = HALF / length;
      const turns = rootPowers(length, length);
      length /= radix;
      return { radix, groups: length, stride, turns };
    });
  }

  /** `frame` holds 400 windowed samples; `power` receives 201 values |X[k]|². */
  transform(frame: Float64Array, power: Float64Array): void {
    for (let n = 0; n < HALF; n++) {
      this.#from.re[n] = frame[2 * n]!;
      this.#from.im[n] = frame[2 * n + 1]!;
    }
    for (const pass of this.#passes) {
      if (pass.radix === 5) passOfFives(this.#from, this.#to, pass);
      else passOfTwos(this.#from, this.#to, pass);
      [this.#from, this.#to] = [this.#to, this.#from];
    }
    this.#separate(power);
  }

  /** Takes the spectrum of the even and odd samples apart and joins them to that of the real frame. */
  #separate(power: Float64Array): void {
    const { re, im } = this.#from;
    re[HALF] = re[0]!;
    im[HALF] = im[0]!;
    for (let k = 0; k <= HALF; k++) {
      const mirror = HALF - k;
      const evenRe = (re[k]! + re[mirror]!) / 2;
      const evenIm = (im[k]! - im[mirror]!) / 2;
      const oddRe = (im[k]! + im[mirror]!) / 2;
      const oddIm = (re[mirror]! - re[k]!) / 2;
      const c = this.#split.re[k]!;
      const s = this.#split.im[k]!;
      const sumRe = evenRe + oddRe * c - oddIm * s;
      const sumIm = evenIm + oddRe * s + oddIm * c;
      power[k] = sumRe * sumRe + sumIm * sumIm;
    }
  }
}

function passOfTwos(from: Complex, to: Complex, { groups, stride, turns }: Pass): void {
  const apart = stride * groups;
  for (let group = 0; group < groups; group++) {
    const c = turns.re[group]!;
    const s = turns.im[group]!;
    for (let i = 0; i < stride; i++) {
      const a = stride * group + i;
      const b = a + apart;
      const out = 2 * stride * group + i;
      const re = from.re[a]! - from.re[b]!;
      const im = from.im[a]! - from.im[b]!;
      to.re[out] = from.re[a]! + from.re[b]!;
      to.im[out] = from.im[a]! + from.im[b]!;
      to.re[out + stride] = re * c - im * s;
      to.im[out + stride] = re * s + im * c;
    }
  }
}

/** The five-point transform with the symmetries of its roots used: real factors only, sums and differences of pairs. */
function passOfFives(from: Complex, to: Complex, { groups, stride, turns }: Pass): void {
  const apart = stride * groups;
  const { re, im } = from;
  const put = (out: number, turn: number, x: number, y: number): void => {
    to.re[out] = x * turns.re[turn]! - y * turns.im[turn]!;
    to.im[out] = x * turns.im[turn]! + y * turns.re[turn]!;
  };
  for (let group = 0; group < groups; group++) {
    for (let i = 0; i < stride; i++) {
      const a = stride * group + i;
      const [b, c, d, e] = [a + apart, a + 2 * apart, a + 3 * apart, a + 4 * apart];
      const outerRe = re[b]! + re[e]!;
      const outerIm = im[b]! + im[e]!;
      const innerRe = re[c]! + re[d]!;
      const innerIm = im[c]! + im[d]!;
      const acrossRe = re[b]! - re[e]!;
      const acrossIm = im[b]! - im[e]!;
      const betweenRe = re[c]! - re[d]!;
      const betweenIm = im[c]! - im[d]!;
      const oneRe = re[a]! + COS_72 * outerRe + COS_144 * innerRe;
      const oneIm = im[a]! + COS_72 * outerIm + COS_144 * innerIm;
      const twoRe = re[a]! + COS_144 * outerRe + COS_72 * innerRe;
      const twoIm = im[a]! + COS_144 * outerIm + COS_72 * innerIm;
      const oneX = SIN_72 * acrossRe + SIN_144 * betweenRe;
      const oneY = SIN_72 * acrossIm + SIN_144 * betweenIm;
      const twoX = SIN_144 * acrossRe - SIN_72 * betweenRe;
      const twoY = SIN_144 * acrossIm - SIN_72 * betweenIm;
      const out = 5 * stride * group + i;
      put(out, 0, re[a]! + outerRe + innerRe, im[a]! + outerIm + innerIm);
      put(out + stride, group, oneRe + oneY, oneIm - oneX);
      put(out + 2 * stride, 2 * group, twoRe + twoY, twoIm - twoX);
      put(out + 3 * stride, 3 * group, twoRe - twoY, twoIm + twoX);
      put(out + 4 * stride, 4 * group, oneRe - oneY, oneIm + oneX);
    }
  }
}
