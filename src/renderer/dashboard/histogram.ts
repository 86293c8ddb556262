export interface Bin {
  readonly fromMs: number;
  readonly toMs: number;
  readonly count: number;
}

export interface Histogram {
  readonly bins: readonly Bin[];
  /** Right edge of the axis; slower values are counted in `beyond`. */
  readonly upToMs: number;
  readonly beyond: number;
}

/** Widths that people can read off an axis. */
const WIDTHS_MS = [1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1000, 2000, 5000];
const MOST_BINS = 28;

/**
 * Counts values in equal bins from 0 to just past the 98th percentile, or past the target where that is further: a few
 * slow outliers must not squeeze the rest into one bar.
 */
export function histogramOf(values: readonly number[], targetMs: number | null): Histogram {
  const sorted = values.map((value) => Math.max(0, value)).sort((a, b) => a - b);
  const high = sorted[Math.ceil(sorted.length * 0.98) - 1] ?? 0;
  const span = Math.max(high * 1.05, (targetMs ?? 0) * 1.25, 1);
  const width = WIDTHS_MS.find((candidate) => span / candidate <= MOST_BINS) ?? Math.ceil(span / MOST_BINS);
  const length = Math.ceil(span / width);
  const counts = Array.from({ length }, () => 0);
  let beyond = 0;
  for (const value of sorted) {
    const index = Math.floor(value / width);
    if (index < length) counts[index] = (counts[index] ?? 0) + 1;
    else beyond += 1;
  }
  return {
    bins: counts.map((count, index) => ({ fromMs: index * width, toMs: (index + 1) * width, count })),
    upToMs: length * width,
    beyond,
  };
}
