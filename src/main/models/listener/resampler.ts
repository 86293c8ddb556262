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
 * input at time k / outRate. Equal rates pass through untouched.
 */
export class Resampler {
  readonly #step: number;
  readonly #reach: number;
  readonly #phases: number;
  readonly #isExact: boolean;
  readonly #table: Float32Array;
  readonly #taps: number;
  readonly #isIdentity: boolean;
  readonly #ratioIn: number;
  readonly #ratioOut: number;
  /** Input not yet out of reach; `#base` is the input index of its first sample. */
  #held = new Float32Array(0);
  #base = 0;
  #nextOut = 0;

  constructor(inRateHz: number, outRateHz: number) {
    const divisor = gcd(inRateHz, outRateHz);
    this.#isIdentity = inRateHz === outRateHz;
    this.#ratioIn = inRateHz / divisor;
    this.#ratioOut = outRateHz / divisor;
    this.#step = inRateHz / outRateHz;
    const scale = Math.max(1, this.#step);
    this.#reach = Math.ceil(LOBES * scale);
    this.#taps = 2 * this.#reach;
    this.#isExact = Number.isInteger(this.#ratioOut) && this.#ratioOut <= MAX_PHASES;
    this.#phases = this.#isExact ? this.#ratioOut : MAX_PHASES;
    this.#table = this.#isIdentity
      ? new Float32Array(0)
      : kernels(this.#phases, this.#taps, this.#reach, scale);
  }

  /** Adds input and returns the output that is certain now. */
  push(samples: Float32Array): Float32Array {
    if (this.#isIdentity) {
      this.#nextOut += samples.length;
      return samples.slice();
    }
    const held = new Float32Array(this.#held.length + samples.length);
    held.set(this.#held);
    held.set(samples, this.#held.length);
    this.#held = held;
    const available = this.#base + held.length;
    // Output k needs input up to floor(k·step) + reach.
    const until = Math.max(this.#nextOut, Math.ceil((available - this.#reach) / this.#step));
    const output = this.#compute(this.#nextOut, until);
    this.#nextOut = until;
    const keepFrom = Math.max(this.#base, Math.floor(until * this.#step) - this.#reach);
    this.#held = held.slice(keepFrom - this.#base);
    this.#base = keepFrom;
    return output;
  }

  /** The rest, as if the input ended here (silence follows). Changes nothing: more may still be pushed. */
  tail(): Float32Array {
    if (this.#isIdentity) return new Float32Array(0);
    const total = Math.round((this.#base + this.#held.length) / this.#step);
    return this.#compute(this.#nextOut, Math.max(this.#nextOut, total));
  }

  #compute(from: number, until: number): Float32Array {
    const output = new Float32Array(until - from);
    const held = this.#held;
    const taps = this.#taps;
    for (let k = from; k < until; k++) {
      // Exact integer arithmetic: a running fraction would drift over minutes.
      const centre = Math.floor((k * this.#ratioIn) / this.#ratioOut);
      const remainder = (k * this.#ratioIn) / this.#ratioOut - centre;
      const position = remainder * this.#phases;
      const phase = this.#isExact ? Math.round(position) : Math.floor(position);
      const blend = this.#isExact ? 0 : position - phase;
      const first = centre - this.#reach + 1 - this.#base;
      const begin = Math.max(0, -first);
      const end = Math.min(taps, held.length - first);
      const row = phase * taps;
      let sum = 0;
      if (blend === 0) {
        for (let tap = begin; tap < end; tap++) sum += held[first + tap]! * this.#table[row + tap]!;
      } else {
        for (let tap = begin; tap < end; tap++) {
          const here = this.#table[row + tap]!;
          sum += held[first + tap]! * (here + blend * (this.#table[row + taps + tap]! - here));
        }
      }
      output[k - from] = sum;
    }
    return output;
  }
}

/** Resamples a whole recording; the result has round(samples · out / in) samples. */
export function resample(samples: Float32Array, inRateHz: number, outRateHz: number): Float32Array {
  if (inRateHz === outRateHz) return samples;
  const resampler = new Resampler(inRateHz, outRateHz);
  const body = resampler.push(samples);
  const tail = resampler.tail();
  const total = Math.round((samples.length * outRateHz) / inRateHz);
  const output = new Float32Array(total);
  output.set(body.subarray(0, total));
  output.set(tail.subarray(0, Math.max(0, total - body.length)), Math.min(total, body.length));
  return output;
}

/** Row p holds the filter for an output that lies p/phases of a sample after its centre; one row more, to blend to. */
function kernels(phases: number, taps: number, reach: number, scale: number): Float32Array {
  const table = new Float32Array((phases + 1) * taps);
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
