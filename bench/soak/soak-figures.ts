import { MEMORY_AIM_KB } from "../app/app-figures.ts";
import type { ProcessReading } from "../app/processes.ts";
import { slope } from "../app/statistics.ts";
import { figure, type Figure } from "../figures.ts";
import type { SoakResult } from "./soak.ts";

/** What the processes held after so many steps. */
export interface SoakReading {
  readonly step: number;
  readonly processes: Readonly<Record<string, ProcessReading>>;
}

/** The first fifth is warm-up: caches fill, and the allocator finds its size. */
const WARM_SHARE = 0.2;

/** Growth a step of each process over the last 80 % of the readings, and what should never have happened. */
export function soakFigures(result: SoakResult, readings: readonly SoakReading[]): Figure[] {
  const warm = (readings.at(-1)?.step ?? 0) * WARM_SHARE;
  const late = readings.filter(({ step }) => step > warm);
  const names = Object.keys(late[0]?.processes ?? {});
  const growth = (name: string, of: (reading: ProcessReading) => number): number =>
    slope(
      late.map(({ step, processes }) => ({ x: step, y: processes[name] ? of(processes[name]) : Number.NaN })),
    );
  const span = (name: string, of: (reading: ProcessReading) => number): string => {
    const values = late.map(({ processes }) => (processes[name] ? of(processes[name]) : Number.NaN));
    return `${values[0]} to ${values.at(-1)} over ${late.length} readings`;
  };
  return [
    figure("problems", result.problems.length, 0, `${result.steps} steps, ${result.interrupted} interrupted`),
    ...names.map((name) =>
      figure(
        `memory of ${name} a step`,
        growth(name, ({ kb }) => kb),
        MEMORY_AIM_KB,
        span(name, ({ kb }) => kb),
        "KB",
      ),
    ),
    ...names.map((name) =>
      // One handle that stays open in a hundred steps would be found.
      figure(
        `handles of ${name} a step`,
        growth(name, ({ handles }) => handles),
        0.01,
        span(name, ({ handles }) => handles),
      ),
    ),
  ];
}
