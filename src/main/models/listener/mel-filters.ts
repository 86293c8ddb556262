import { LISTEN_RATE_HZ } from "../../../shared/audio.ts";
import { FFT_SIZE, FREQUENCY_BINS } from "./spectrum.ts";

export const MEL_BINS = 128;

/** One triangular filter: its first frequency bin and the weights from there on. */
export interface MelFilter {
  readonly first: number;
  readonly weights: Float64Array;
}

// Slaney's scale (Auditory Toolbox, 1998): linear below 1 kHz, then 27 steps for each factor of 6.4.
const LINEAR_HZ = 200 / 3;
const BREAK_HZ = 1000;
const BREAK_MEL = BREAK_HZ / LINEAR_HZ;
const LOG_STEP = Math.log(6.4) / 27;

function toMel(hz: number): number {
  return hz < BREAK_HZ ? hz / LINEAR_HZ : BREAK_MEL + Math.log(hz / BREAK_HZ) / LOG_STEP;
}

function toHz(mel: number): number {
  return mel < BREAK_MEL ? mel * LINEAR_HZ : BREAK_HZ * Math.exp(LOG_STEP * (mel - BREAK_MEL));
}

/** The 128 filters from 0 to 8000 Hz with Slaney's area normalisation, as Whisper large-v3 and Voxtral use them. */
export function melFilters(): readonly MelFilter[] {
  const top = toMel(LISTEN_RATE_HZ / 2);
  const edges = Array.from({ length: MEL_BINS + 2 }, (_, i) => toHz((top * i) / (MEL_BINS + 1)));
  return Array.from({ length: MEL_BINS }, (_, bin) => {
    const [low, centre, high] = [edges[bin]!, edges[bin + 1]!, edges[bin + 2]!];
    const weights: number[] = [];
    let first = 0;
    for (let k = 0; k < FREQUENCY_BINS; k++) {
      const hz = (k * LISTEN_RATE_HZ) / FFT_SIZE;
      const weight = Math.min((hz - low) / (centre - low), (high - hz) / (high - centre));
      if (weight <= 0) continue;
      if (weights.length === 0) first = k;
      weights.push((weight * 2) / (high - low));
    }
    return { first, weights: Float64Array.from(weights) };
  });
}
