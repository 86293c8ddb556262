/** Zero crossings of the low-pass on either side, counted at the lower of the two rates. */
const LOBES = 48;
/** Kaiser window shape for about 100 dB of stop-band (Kaiser 1974: β = 0.1102·(A − 8.7)). */
const KAISER_BETA = 10.06;
/** Cut-off as a share of the lower Nyquist: the transition ends before it, so nothing audible folds back. */
const CUTOFF = 0.94;
/** More phases than this are interpolated between neighbours instead of tabulated. */
const MAX_PHASES = 1024;

/**
 * Streaming band-limited resampler (windowed sinc, polyphase; Crochiere & Rabiner, Multirate Digital Signal Processing).
 * Any way of cutting the input gives the same output; its delay is compensated, so output sample k stands for the
 * input at time k / outRate. Equal rates pass through untouched. Own code, because the packaged resamplers
 * (libsamplerate-js 2.1, speex-resampler-wasm 0.3) cannot hand over the last milliseconds at key-up and then go on.
 */
export class Resampler {
  readonly #step: number;
  readonly #reach: number;
  readonly #phases: number;
  readonly #isExact: boolean;
  readonly #table: Float64Array;
  readonly #taps: number;
  readonly #isIdentity: boolean;
  readonly #ratioIn: number;
  readonly #ratioOut: number;
  /** Input not yet out of reach; `#base` is the input index of its first sample. Before the beginning is silence. */
  #held: Float64Array;
  #base: number;
  #received = 0;
  #nextOut = 0;

  constructor(inRateHz: number, outRateHz: number) {
    const divisor = gcd(inRateHz, outRateHz);
    this.#isIdentity = inRateHz === outRateHz;
    this.#ratioIn = inRateHz / divisor;
    this.#ratioOut = outRateHz / divisor;
    this.#step = inRateHz / outRateHz;
    const scale = Math.max(1, this.#step);
    // Even, so that the filter's length is a multiple of four.
    this.#reach = 2 * Math.ceil((LOBES * scale) / 2);
    this.#taps = 2 * this.#reach;
    this.#isExact = Number.isInteger(this.#ratioOut) && this.#ratioOut <= MAX_PHASES;
    this.#phases = this.#isExact ? this.#ratioOut : MAX_PHASES;
    this.#table = this.#isIdentity
      ? new Float64Array(0)
      : kernels(this.#phases, this.#taps, this.#reach, scale);
    this.#held = new Float64Array(this.#reach);
    this.#base = -this.#reach;
  }

  /** Adds input and returns the output that is certain now. */
  push(samples: Float32Array): Float32Array {
    if (this.#isIdentity) return samples.slice();
    this.#received += samples.length;
    const held = joined(this.#held, samples);
    // Output k needs input up to floor(k·step) + reach.
    const until = Math.max(this.#nextOut, Math.ceil((this.#received - this.#reach) / this.#step));
    const output = this.#compute(held, until);
    this.#nextOut = until;
    const keepFrom = Math.max(this.#base, Math.floor(until * this.#step) - this.#reach);
    this.#held = held.slice(keepFrom - this.#base);
    this.#base = keepFrom;
    return output;
  }

  /**
   * The rest, as if the input ended here (silence follows): everything together is then round(input · out / in)
   * samples. Changes nothing: more may still be pushed.
   */
  tail(): Float32Array {
    if (this.#isIdentity) return new Float32Array(0);
    const total = Math.round((this.#received * this.#ratioOut) / this.#ratioIn);
    // Rounding up may ask for one output beyond the end, hence one input more than the reach.
    const silence = new Float64Array(this.#reach + 1);
    return this.#compute(joined(this.#held, silence), Math.max(this.#nextOut, total));
  }

  /** Output from `#nextOut` up to `until`; `held` begins at input index `#base` and covers the reach of all of it. */
  #compute(held: Float64Array, until: number): Float32Array {
    const from = this.#nextOut;
    const output = new Float32Array(until - from);
    for (let k = from; k < until; k++) {
      // Exact integer arithmetic: a running fraction would drift over minutes.
      const centre = Math.floor((k * this.#ratioIn) / this.#ratioOut);
      const position = ((k * this.#ratioIn) / this.#ratioOut - centre) * this.#phases;
      const phase = this.#isExact ? Math.round(position) : Math.floor(position);
      const blend = this.#isExact ? 0 : position - phase;
      const first = centre - this.#reach + 1 - this.#base;
      const here = this.#filtered(held, first, phase);
      output[k - from] = blend === 0 ? here : here + blend * (this.#filtered(held, first, phase + 1) - here);
    }
    return output;
  }

  /** The filter of one phase over the samples from `first` on. Four sums over doubles: 1.8 times as fast as one of floats. */
  #filtered(held: Float64Array, first: number, phase: number): number {
    const table = this.#table;
    const taps = this.#taps;
    const row = phase * taps;
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    for (let tap = 0; tap < taps; tap += 4) {
      const at = first + tap;
      const weight = row + tap;
      a += held[at]! * table[weight]!;
      b += held[at + 1]! * table[weight + 1]!;
      c += held[at + 2]! * table[weight + 2]!;
      d += held[at + 3]! * table[weight + 3]!;
    }
    return a + b + (c + d);
  }
}

function joined(head: Float64Array, tail: ArrayLike<number>): Float64Array {
  const whole = new Float64Array(head.length + tail.length);
  whole.set(head);
  whole.set(tail, head.length);
  return whole;
}

/** Row p holds the filter for an output that lies p/phases of a sample after its centre; one row more, to blend to. */
function kernels(phases: number, taps: number, reach: number, scale: number): Float64Array {
  const table = new Float64Array((phases + 1) * taps);
  const cutoff = CUTOFF / scale;
  const norm = besselI0(KAISER_BETA);
  for (let phase = 0; phase <= phases; phase++) {
    let sum = 0;
    const row = phase * taps;
    for (let tap = 0; tap < taps; tap++) {
      const x = tap - reach + 1 - phase / phases;
      const edge = x / reach;
      const window = Math.abs(edge) >= 1 ? 0 : besselI0(KAISER_BETA * Math.sqrt(1 - edge * edge)) / norm;
      const value = cutoff * sinc(cutoff * x) * window;
      table[row + tap] = value;
      sum += value;
    }
    // Unit gain at 0 Hz for every phase: otherwise a constant input ripples.
    for (let tap = 0; tap < taps; tap++) table[row + tap] = table[row + tap]! / sum;
  }
  return table;
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

/** Modified Bessel function of order 0, by its power series (Abramowitz & Stegun 9.6.12). */
function besselI0(x: number): number {
  let term = 1;
  let sum = 1;
  for (let k = 1; term > sum * 1e-12; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}
