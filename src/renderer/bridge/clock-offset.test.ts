import * as fc from "fast-check";
import { expect, test } from "vitest";
import { clockOffsetMs } from "./clock-offset.ts";

test("R15 the offset comes from the fastest answer", () => {
  expect(
    clockOffsetMs([
      { sentMs: 0, mainMs: 1090, receivedMs: 100 },
      { sentMs: 200, mainMs: 1201, receivedMs: 202 },
      { sentMs: 300, mainMs: 1302, receivedMs: 340 },
    ]),
  ).toBe(1000);
  expect(clockOffsetMs([])).toBe(0);
});

test("R15 the error is never more than half the shortest round trip", () => {
  const probe = fc.record({ at: fc.integer({ max: 1e6 }), there: fc.nat(80), back: fc.nat(80) });
  fc.assert(
    fc.property(fc.array(probe, { minLength: 1 }), fc.integer({ min: -1e6, max: 1e6 }), (probes, offset) => {
      const measured = clockOffsetMs(
        probes.map(({ at, there, back }) => ({
          sentMs: at,
          mainMs: at + there + offset,
          receivedMs: at + there + back,
        })),
      );
      const shortest = Math.min(...probes.map(({ there, back }) => there + back));
      expect(Math.abs(measured - offset)).toBeLessThanOrEqual(shortest / 2);
    }),
  );
});
