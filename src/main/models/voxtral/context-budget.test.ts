import * as fc from "fast-check";
import { expect, test } from "vitest";
import { trimming } from "./context-budget.ts";
import type { ExchangeSize } from "./context-budget.ts";

const budget = { limit: 2000, reserve: 100, opening: 20, comfortable: 1000 };
const sizesOf = (...sizes: readonly number[]): ExchangeSize[] => sizes.map((full) => ({ full }));

test("R41 nothing is shortened while everything fits", () => {
  expect(trimming(sizesOf(500, 500, 500), budget)).toEqual({ dropped: 0, asText: 0 });
});

test("R41 a conversation that has become long loses whole old turns, and then none for several turns", () => {
  const sizes = sizesOf(...Array.from({ length: 60 }, () => 100));
  const dropped = sizes.map((_, turn) => trimming(sizes.slice(0, turn + 1), budget).dropped);
  const cuts = dropped.filter((count, turn) => turn > 0 && count !== dropped[turn - 1]).length;
  // 100 a turn, 1000 to fill, refilled from 640: a cut every fourth turn.
  expect(cuts).toBeLessThanOrEqual(13);
  expect(dropped.at(-1)).toBeGreaterThan(45);
});

test("R41 old speech becomes words before anything is left out, and words last longer", () => {
  const sizes: ExchangeSize[] = Array.from({ length: 30 }, () => ({ full: 400, asText: 20 }));
  const trims = sizes.map((_, turn) => trimming(sizes.slice(0, turn + 1), budget));
  expect(trims[3]).toEqual({ dropped: 0, asText: 2 });
  expect(trims[9]!.dropped).toBe(0);
  const unknown = trimming(sizesOf(...sizes.slice(0, 10).map(({ full }) => full)), budget);
  expect(unknown.dropped).toBeGreaterThan(trims[9]!.dropped);
});

test("R41 the exchange before the question stays as it was spoken, unless there is no room at all", () => {
  const long: ExchangeSize = { full: 1500, asText: 40 };
  expect(trimming([{ full: 100 }, long, { full: 300 }], budget)).toEqual({ dropped: 1, asText: 1 });
  expect(trimming([{ full: 100 }, long, { full: 500 }], budget)).toEqual({ dropped: 1, asText: 2 });
  expect(trimming([{ full: 100 }, { full: 1500 }, { full: 500 }], budget)).toEqual({ dropped: 2, asText: 2 });
});

test("R41 what is kept is comfortable and fits, and shortening never goes back", () => {
  const size = fc.record({
    full: fc.integer({ min: 1, max: 900 }),
    asText: fc.option(fc.integer({ min: 1, max: 900 }), { nil: undefined }),
  });
  fc.assert(
    fc.property(fc.array(size, { minLength: 1, maxLength: 40 }), (sizes) => {
      let previous = { dropped: 0, asText: 0 };
      for (let turn = 0; turn < sizes.length; turn++) {
        const { dropped, asText } = trimming(sizes.slice(0, turn + 1), budget);
        const kept = sizes.slice(dropped, turn).map(({ full, asText: words = full }, index) => {
          return index + dropped < asText ? Math.min(words, full) : full;
        });
        const before = kept.reduce((sum, positions) => sum + positions, 0);
        expect(dropped).toBeGreaterThanOrEqual(previous.dropped);
        expect(asText).toBeGreaterThanOrEqual(previous.asText);
        expect(asText).toBeGreaterThanOrEqual(dropped);
        if (kept.length > 1) expect(before).toBeLessThanOrEqual(budget.comfortable);
        const free = budget.limit - budget.opening - budget.reserve - sizes[turn]!.full;
        if (kept.length > 0) expect(before).toBeLessThanOrEqual(free);
        previous = { dropped, asText };
      }
    }),
  );
});

test("R64 a question that cannot fit is refused with its size", () => {
  expect(() => trimming(sizesOf(50, 1980), budget)).toThrow(
    expect.objectContaining({ code: "context-full", details: { positions: 2000, limit: 2000 } }),
  );
});
