import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Endpointing } from "./endpointing.ts";

const bounds = { minEndPauseMs: 300, maxEndPauseMs: 2_000, adaptive: true };

/** Pauses of this middle and spread, spread evenly over the quantiles of a log-normal distribution. */
const pauses = (medianMs: number, spread: number): number[] =>
  [-1.6, -1, -0.5, -0.2, 0, 0.2, 0.5, 1, 1.6].map((z) => medianMs * Math.exp(spread * z));

function afterHearing(medianMs: number, spread = 0.4): Endpointing {
  const endpointing = new Endpointing(bounds);
  for (let round = 0; round < 4; round++) {
    for (const pauseMs of pauses(medianMs, spread)) endpointing.continued(pauseMs);
  }
  return endpointing;
}

describe("R13 the end of speech adapts to the speaker", () => {
  test("who makes long pauses is given longer, who makes short ones is answered sooner", () => {
    const unknown = new Endpointing(bounds).endPauseMs();
    expect(afterHearing(600).endPauseMs()).toBeGreaterThan(unknown);
    expect(afterHearing(160).endPauseMs()).toBeLessThan(unknown);
  });

  test("the end lies where 95 of 100 of a speaker's own pauses do not reach", () => {
    // 1.645 deviations above the middle: ln 500 + 1.645 · 0.38 (the deviation of these nine quantiles).
    const spread = Math.sqrt(pauses(1, 0.4).reduce((sum, p) => sum + Math.log(p) ** 2, 0) / 9);
    const expected = 500 * Math.exp(1.645 * spread);
    expect(afterHearing(500).endPauseMs() / expected).toBeGreaterThan(0.85);
    expect(afterHearing(500).endPauseMs() / expected).toBeLessThan(1.15);
  });

  test("another speaker is followed within twenty pauses", () => {
    const endpointing = afterHearing(700);
    for (let i = 0; i < 20; i++) endpointing.continued(180);
    expect(endpointing.endPauseMs()).toBeLessThan(afterHearing(700).endPauseMs() * 0.75);
  });

  test("words move it to either bound", () => {
    const endpointing = afterHearing(500);
    expect(endpointing.endPauseMs(1)).toBe(300);
    expect(endpointing.endPauseMs(0)).toBe(2_000);
    expect(endpointing.endPauseMs(0.75)).toBeLessThan(endpointing.endPauseMs(0.5));
    expect(endpointing.endPauseMs(0.25)).toBeGreaterThan(endpointing.endPauseMs(0.5));
  });

  test("not adaptive: always the shorter bound, whatever was heard or said", () => {
    const endpointing = afterHearing(600);
    endpointing.configure({ ...bounds, adaptive: false });
    expect([0, 0.5, 1].map((hint) => endpointing.endPauseMs(hint))).toEqual([300, 300, 300]);
  });

  test("always within the bounds, and never longer for more complete words", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1e5, noNaN: true }), { maxLength: 30 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (heard, one, other) => {
          const endpointing = new Endpointing(bounds);
          for (const pauseMs of heard) endpointing.continued(pauseMs);
          const longer = endpointing.endPauseMs(Math.min(one, other));
          const shorter = endpointing.endPauseMs(Math.max(one, other));
          expect(shorter).toBeGreaterThanOrEqual(300);
          expect(longer).toBeLessThanOrEqual(2_000);
          expect(shorter).toBeLessThanOrEqual(longer);
        },
      ),
    );
  });

  test("bounds that contradict each other: the shorter pause is kept to", () => {
    const endpointing = new Endpointing({ minEndPauseMs: 900, maxEndPauseMs: 400, adaptive: true });
    expect(endpointing.endPauseMs(0)).toBe(900);
  });
});
