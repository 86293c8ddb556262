import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { histogramOf } from "./histogram.ts";

describe("histogramOf", () => {
  test("R15 every value is in exactly one bin or beyond, and the target is on the axis", () => {
    const values = fc.array(fc.double({ min: -5, max: 50_000, noNaN: true }), { maxLength: 200 });
    fc.assert(
      fc.property(values, fc.option(fc.integer({ min: 1, max: 2000 })), (times, targetMs) => {
        const { bins, upToMs, beyond } = histogramOf(times, targetMs);
        expect(bins.reduce((sum, { count }) => sum + count, beyond)).toBe(times.length);
        expect(bins.length).toBeLessThanOrEqual(29);
        expect(upToMs).toBeGreaterThan(targetMs ?? 0);
        for (const { fromMs, toMs, count } of bins) {
          const inside = times.filter((time) => Math.max(0, time) >= fromMs && Math.max(0, time) < toMs);
          expect(count).toBe(inside.length);
        }
      }),
    );
  });

  test("R15 one slow turn in a hundred does not stretch the axis", () => {
    const { upToMs, beyond } = histogramOf([...Array.from({ length: 99 }, () => 80), 9000], 100);
    expect(upToMs).toBeLessThan(200);
    expect(beyond).toBe(1);
  });

  test("R15 without values there is an axis up to the target", () => {
    const { bins, upToMs } = histogramOf([], 400);
    expect(upToMs).toBe(500);
    expect(bins.every(({ count }) => count === 0)).toBe(true);
  });
});
