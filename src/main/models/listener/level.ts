export interface Level {
  readonly rms: number;
  readonly peak: number;
}

/** Loudness of `samples`: both in [0, 1], 0 for none. Resampling may overshoot full scale a little; that is full, too. */
export function measureLevel(samples: Float32Array): Level {
  let sum = 0;
  let peak = 0;
  for (const sample of samples) {
    sum += sample * sample;
    peak = Math.max(peak, Math.abs(sample));
  }
  const rms = samples.length === 0 ? 0 : Math.sqrt(sum / samples.length);
  return { rms: Math.min(1, rms), peak: Math.min(1, peak) };
}
