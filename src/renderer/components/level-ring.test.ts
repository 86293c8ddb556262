import { describe, expect, test } from "vitest";
import { levelFraction, ringPath } from "./level-ring.ts";

describe("level ring", () => {
  test("R14 silence is empty, loud speech is full, and nothing leaves the range", () => {
    expect(levelFraction(0)).toBe(0);
    expect(levelFraction(1)).toBe(1);
    expect(levelFraction(10 ** (-33 / 20))).toBeCloseTo(0.5, 6);
    expect(levelFraction(Number.MIN_VALUE)).toBe(0);
  });

  test("R14 the newest level is at the bottom and the ring is symmetrical", () => {
    const lengths = [...ringPath([1, 0, 0]).matchAll(/M(\S+) (\S+)L(\S+) (\S+?)(?=M|$)/g)].map((match) => {
      const [x1, y1, x2, y2] = match.slice(1).map(Number) as [number, number, number, number];
      return Math.hypot(x2 - x1, y2 - y1);
    });
    expect(lengths).toHaveLength(72);
    expect(lengths[0]).toBeGreaterThan(14);
    expect(lengths[36]).toBeLessThan(2);
    for (let tick = 1; tick < 36; tick++) expect(lengths[tick]).toBeCloseTo(lengths[72 - tick]!, 0);
  });
});
