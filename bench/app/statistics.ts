import { percentile } from "../../src/shared/metrics.ts";

/** Resident memory of each process by name after so many turns. */
export interface MemorySample {
  readonly turn: number;
  readonly kb: Readonly<Record<string, number>>;
}

/** Middle, tail and worst of `values`; NaN of none. */
export interface Spread {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** Summarises milliseconds or anything else with an order. */
export function spread(values: readonly number[]): Spread {
  return {
    count: values.length,
    p50: percentile(values, 0.5),
    p99: percentile(values, 0.99),
    max: values.length === 0 ? Number.NaN : Math.max(...values),
  };
}

/** Least-squares slope of `y` over `x`; NaN when fewer than two different `x` are given. */
export function slope(points: readonly { readonly x: number; readonly y: number }[]): number {
  const mean = (of: (point: { readonly x: number; readonly y: number }) => number): number =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const meanX = mean(({ x }) => x);
  const meanY = mean(({ y }) => y);
  const covariance = mean(({ x, y }) => (x - meanX) * (y - meanY));
  return covariance / mean(({ x }) => (x - meanX) ** 2);
}

/** KB per turn that each process grows by, from the samples later than turn `after`. */
export function memorySlopes(memory: readonly MemorySample[], after: number): Record<string, number> {
  const late = memory.filter(({ turn }) => turn > after);
  const names = Object.keys(late[0]?.kb ?? {});
  return Object.fromEntries(
    names.map((name) => [name, slope(late.map(({ turn, kb }) => ({ x: turn, y: kb[name] ?? Number.NaN })))]),
  );
}
