import { expect, test } from "vitest";
import { DecoderWork } from "./decoder-work.ts";

/** config.json of the demo pack, and of Voxtral-Mini-3B-2507. */
const demo = { layers: 4, hiddenSize: 192, intermediateSize: 512, heads: 6, kvHeads: 2, headSize: 32 };
const mini = { layers: 30, hiddenSize: 3072, intermediateSize: 8192, heads: 32, kvHeads: 8, headSize: 128 };

test("R41 the work of a position is that of its weights", () => {
  expect(new DecoderWork(demo).perPosition).toBe(1_572_864);
  // As many 4-bit weights as the published decoder has (the size of its q4 file, with scales, tables and norms taken off).
  expect(new DecoderWork(mini).perPosition).toBe(3_208_642_560);
});

test.each([demo, mini])("R41 a prompt behind a comfortable context costs what it may", (shape) => {
  const work = new DecoderWork(shape);
  const cost = (before: number): number => work.perPosition + work.perPositionBefore * (before + 375 / 2);
  const context = work.contextFor(375, 1.2);
  expect(context).toBeGreaterThan(375);
  expect(cost(context)).toBeLessThanOrEqual(1.2 * cost(375));
  expect(cost(context + 2)).toBeGreaterThan(1.2 * cost(375));
});

test("R42 a piece is a power of two of positions, fewer the further they look back, and never too few", () => {
  const work = new DecoderWork(demo);
  expect([0, 400, 800, 4000].map((before) => work.positionsFor(4e8, before, 32))).toEqual([128, 128, 64, 32]);
  expect(new DecoderWork(mini).positionsFor(4e8, 0, 32)).toBe(32);
});
