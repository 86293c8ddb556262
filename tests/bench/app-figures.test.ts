import { expect, test } from "vitest";
import { appFigures, type AppMeasurement } from "../../bench/app/app-figures.ts";
import { memorySlopes, slope, spread } from "../../bench/app/statistics.ts";

const loop = { p50Ms: 0.1, p99Ms: 3, maxMs: 9 };

/** Main grows by `mainKb` a turn once it is warm, and by a megabyte a turn before. */
function measurement(mainKb: number): AppMeasurement {
  const turns = [20, 40, 60, 80, 100];
  return {
    captureMs: [1, 2, 6],
    replies: { chunksMs: [1, 1, 2], firstAudioMs: [100, 200, 300], loop: [loop, loop, loop] },
    memory: turns.map((turn) => ({
      turn,
      kb: { main: turn <= 50 ? turn * 1024 : 51_200 + turn * mainKb, kokoro: 90_000 },
    })),
    warmTurns: 50,
    page: null,
    pageRecords: [],
  };
}

const valueOf = (measured: AppMeasurement, name: string) =>
  appFigures(measured).find((figure) => figure.name.startsWith(name));

test("R5 the slope is that of least squares, and warm-up does not count", () => {
  const line = [
    { x: 1, y: 1 },
    { x: 2, y: 3 },
    { x: 3, y: 2 },
  ];
  expect(slope(line)).toBeCloseTo(0.5);
  expect(slope([{ x: 1, y: 1 }])).toBeNaN();
  expect(memorySlopes(measurement(7).memory, 50)).toMatchObject({ main: 7, kokoro: 0 });
  expect(memorySlopes(measurement(7).memory, 0)["main"]).not.toBeCloseTo(7);
  expect(memorySlopes([], 50)).toEqual({});
});

test("R5 a leak above the bound is a miss, in the process that has it", () => {
  expect(valueOf(measurement(19), "memory of main")).toMatchObject({ value: 19, isMet: true });
  expect(valueOf(measurement(21), "memory of main")).toMatchObject({ value: 21, isMet: false });
  expect(valueOf(measurement(21), "memory of kokoro")).toMatchObject({ value: 0, isMet: true });
});

test("R5 transport is measured against what it carries; nothing measured meets no aim", () => {
  expect(valueOf(measurement(0), "microphone to listener")).toMatchObject({ value: 0.25, isMet: true });
  expect(valueOf(measurement(0), "main to page")).toMatchObject({ value: 0.01, isMet: true });
  const nothing = { ...measurement(0), captureMs: [] };
  expect(valueOf(nothing, "microphone to listener")).toMatchObject({ value: Number.NaN, isMet: false });
  expect(spread([])).toMatchObject({ count: 0, p99: Number.NaN });
});

test("R5 a real page adds the lateness of its thread", () => {
  const driftMs = Array.from({ length: 100 }, (_, i) => (i < 98 ? 1 : 40));
  const measured = { ...measurement(0), page: { captureMs: [2], driftMs, turns: 3 } };
  expect(valueOf(measured, "page's thread")).toMatchObject({ value: 40, isMet: false });
});
