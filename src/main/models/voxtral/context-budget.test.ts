import * as fc from "fast-check";
import { expect, test } from "vitest";
import { droppedExchanges } from "./context-budget.ts";

const budget = { limit: 1000, reserve: 100, opening: 20 };

test("R41 nothing is dropped while everything fits", () => {
  expect(droppedExchanges([300, 300, 280], budget)).toBe(0);
});

test("R41 when it no longer fits, whole old turns go, and then none for several turns", () => {
  const sizes = Array.from({ length: 30 }, () => 100);
  const dropped = sizes.map((_, turn) => droppedExchanges(sizes.slice(0, turn + 1), budget));
  const changes = dropped.filter((count, turn) => turn > 0 && count !== dropped[turn - 1]).length;
  // 100 a turn, 880 to fill, refilled from 528: a cut every fourth turn, not every turn.
  expect(changes).toBeLessThanOrEqual(7);
  expect(dropped.at(-1)).toBeGreaterThan(20);
});

test("R41 what is kept always fits, and dropping never goes back", () => {
  const sizesArbitrary = fc.array(fc.integer({ min: 1, max: 600 }), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(sizesArbitrary, (sizes) => {
      let before = 0;
      for (let turn = 0; turn < sizes.length; turn++) {
        const seen = sizes.slice(0, turn + 1);
        const dropped = droppedExchanges(seen, budget);
        const kept = seen.slice(dropped).reduce((sum, size) => sum + size, 0);
        expect(dropped).toBeGreaterThanOrEqual(before);
        expect(dropped).toBeLessThanOrEqual(turn);
        if (dropped < turn) expect(kept + budget.reserve + budget.opening).toBeLessThanOrEqual(budget.limit);
        before = dropped;
      }
    }),
  );
});

test("R64 a question that cannot fit is refused with its size", () => {
  expect(() => droppedExchanges([50, 980], budget)).toThrow(
    expect.objectContaining({ code: "context-full", details: { positions: 1000, limit: 1000 } }),
  );
});
