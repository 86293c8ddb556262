import type { Settings } from "../../shared/settings.ts";

export type EchoVerdict = NonNullable<Settings["turnTaking"]["echo"]>["duplex"];

/** A recording made while the sweep played; mono in [-1, 1]. */
export interface EchoRecording {
  readonly samples: Float32Array;
  readonly rateHz: number;
  /** Where the order to play was given: what lies before it is the room alone. */
  readonly playedFrom: number;
}

export interface EchoMeasurement {
  /** Level of the answer in the microphone against that of a voice, in dB: −30 is 30 dB weaker. */
  readonly bleedDb: number;
  /** From the order to play to its arrival in the microphone; null when it was not found in the recording. */
  readonly delayMs: number | null;
  /** The room alone, in dB of full scale. */
  readonly noiseDb: number;
  /** Something else made a noise meanwhile: the measurement says nothing. */
  readonly isDisturbed: boolean;
  readonly duplex: EchoVerdict;
}

export const SWEEP_MS = 1000;
/** The longest way from order to arrival that is looked for: wireless speakers take up to 300 ms, and a busy page adds. */
export const LONGEST_DELAY_MS = 800;
/** Between them lies what a voice is understood by, and what small speakers can play. */
const LOW_HZ = 200;
const HIGH_HZ = 6000;
const EDGE_MS = 20;
/** −20 dBFS (root mean square), about as loud as Kokoro's speech: what is measured is the answer itself. */
const SWEEP_AMPLITUDE = 0.1 * Math.SQRT2;

/** The level speech is brought to for a test or a call, in dB of full scale (ITU-T P.56, G.191). */
const VOICE_DB = -26;
/** So much weaker than voice, and what is left of the answer does not pass for speech. */
const FULL_MARGIN_DB = 30;
/** So much weaker, and lowering the answer by 12 dB still tells the two apart. */
const DUCK_MARGIN_DB = 10;
/** The answer is lost in the noise of the room when it is this much weaker. */
const MASKED_DB = 6;
/** Of noise alone, the highest correlation in 13 000 is about 6 times the median one. */
const FOUND_RATIO = 10;
/** The room got this much louder, and it was not the sweep. */
const DISTURBED_DB = 6;
const NOISE_BLOCK_MS = 50;

/**
 * An exponential sine sweep (Farina 2000, "Simultaneous measurement of impulse response and distortion"): its
 * correlation with itself is a sharp peak, also through a bad loudspeaker.
 */
export function echoSweep(rateHz: number): Float32Array<ArrayBuffer> {
  const seconds = SWEEP_MS / 1000;
  const growth = seconds / Math.log(HIGH_HZ / LOW_HZ);
  const edge = EDGE_MS / 1000;
  return Float32Array.from({ length: Math.round(seconds * rateHz) }, (_, index) => {
    const at = index / rateHz;
    const fromEdge = Math.min(1, at / edge, (seconds - at) / edge);
    const phase = 2 * Math.PI * LOW_HZ * growth * (Math.exp(at / growth) - 1);
    return SWEEP_AMPLITUDE * (0.5 - 0.5 * Math.cos(Math.PI * fromEdge)) * Math.sin(phase);
  });
}

/**
 * Finds the sweep in a recording by its matched filter, measures what of it reached the microphone, and says how answer
 * and microphone can share the room. The recording must go on for at least the sweep's length after `playedFrom`.
 */
export function measureEcho({ samples, rateHz, playedFrom }: EchoRecording): EchoMeasurement {
  const sweep = echoSweep(rateHz);
  const noise = quietPower(samples.subarray(0, playedFrom), rateHz);
  const heard = samples.subarray(playedFrom);
  const found = correlate(heard, sweep, Math.round((LONGEST_DELAY_MS * rateHz) / 1000));
  const during = powerOf(heard.subarray(found.lag, found.lag + sweep.length));
  const direct = (found.peak / energyOf(sweep)) ** 2 * powerOf(sweep);
  const isFound = found.peak > FOUND_RATIO * found.median;
  // Reverberation and distortion are in the power but not in the peak; below the noise, only the peak can be measured.
  const bleed = isFound ? Math.max(direct, during - noise) : direct;
  const bleedDb = decibels(bleed) - VOICE_DB;
  const noiseDb = decibels(noise);
  return {
    bleedDb,
    delayMs: isFound ? (found.lag / rateHz) * 1000 : null,
    noiseDb,
    isDisturbed: !isFound && decibels(powerOf(heard)) > noiseDb + DISTURBED_DB,
    duplex: duplexFor(bleedDb, noiseDb - VOICE_DB),
  };
}

/** Both levels in dB against a voice. */
function duplexFor(bleedDb: number, noiseDb: number): EchoVerdict {
  if (bleedDb <= -FULL_MARGIN_DB || bleedDb <= noiseDb - MASKED_DB) return "full";
  return bleedDb <= -DUCK_MARGIN_DB ? "duck" : "half";
}

/** What was found and what follows from it, for the person. */
export function echoSentence({ bleedDb, duplex }: Pick<EchoMeasurement, "bleedDb" | "duplex">): string {
  const level =
    bleedDb < -1
      ? `${Math.round(-bleedDb)} dB weaker than your voice`
      : bleedDb > 1
        ? `${Math.round(bleedDb)} dB louder than your voice`
        : "as loud as your voice";
  switch (duplex) {
    case "full":
      return `The microphone hears the answer ${level}: Parley can listen while it speaks.`;
    case "duck":
      return `The microphone hears the answer ${level}: when something is heard, Parley first lowers the answer to make sure that it is you.`;
    case "half":
      return `The microphone hears the answer ${level}: Parley listens only while it is silent. Headphones or echo cancellation change that.`;
    default:
      return duplex satisfies never;
  }
}

interface Match {
  readonly lag: number;
  /** Highest magnitude of the correlation, and the median of them all. */
  readonly peak: number;
  readonly median: number;
}

/** Correlation of `pattern` with `signal` at every lag from 0 to `maxLag`, as far as the signal reaches. */
function correlate(signal: Float32Array, pattern: Float32Array, maxLag: number): Match {
  const lags = Math.max(1, Math.min(maxLag, signal.length - pattern.length) + 1);
  const magnitudes = new Float64Array(lags);
  let best = 0;
  for (let lag = 0; lag < lags; lag++) {
    let sum = 0;
    for (let index = 0; index < pattern.length; index++) sum += (signal[lag + index] ?? 0) * pattern[index]!;
    magnitudes[lag] = Math.abs(sum);
    if (magnitudes[lag]! > magnitudes[best]!) best = lag;
  }
  const peak = magnitudes[best]!;
  return { lag: best, peak, median: magnitudes.sort()[lags >> 1]! };
}

/** Mean square of the room alone: the median of short blocks, so that a click does not count. */
function quietPower(samples: Float32Array, rateHz: number): number {
  const block = Math.round((NOISE_BLOCK_MS * rateHz) / 1000);
  const powers: number[] = [];
  for (let at = 0; at + block <= samples.length; at += block)
    powers.push(powerOf(samples.subarray(at, at + block)));
  return powers.sort((a, b) => a - b)[powers.length >> 1] ?? powerOf(samples);
}

function energyOf(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return sum;
}

function powerOf(samples: Float32Array): number {
  return samples.length === 0 ? 0 : energyOf(samples) / samples.length;
}

/** Of a mean square; −120 for digital silence. */
function decibels(power: number): number {
  return 10 * Math.log10(Math.max(power, 1e-12));
}
