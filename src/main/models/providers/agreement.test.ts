import { expect, test } from "vitest";
import { disagreement, distance, thinned } from "./agreement.ts";

const wave = Float32Array.from({ length: 500 }, (_, i) => Math.sin(i / 5));
const scaled = (factor: number): Float32Array => wave.map((x) => x * factor);

test("R21 the distance is relative to the reference's own size", () => {
  expect(distance(wave, wave)).toBe(0);
  expect(distance(scaled(1.1), wave)).toBeCloseTo(0.1, 5);
  expect(distance(scaled(-1), wave)).toBeCloseTo(2, 5);
});

test.each([
  ["one NaN", Float32Array.from(wave, (x, i) => (i === 7 ? Number.NaN : x)), wave],
  ["another length", wave.subarray(1), wave],
  ["nothing at all", new Float32Array(), new Float32Array()],
  ["a silent reference", wave, new Float32Array(wave.length)],
])("R21 %s is infinitely far", (_, values, reference) => {
  expect(distance(values, reference)).toBe(Number.POSITIVE_INFINITY);
});

test("R21 rounding is accepted, nonsense in any graph is not", () => {
  const reference = { encoder: wave, decoder: wave };
  expect(disagreement({ encoder: scaled(1.04), decoder: scaled(0.97) }, reference)).toBeNull();
  expect(disagreement({ encoder: wave, decoder: scaled(3) }, reference)).toBe(
    "It computes wrong numbers: those of decoder are 200 % away from the processor's.",
  );
  expect(disagreement({ encoder: wave }, reference)).toMatch(/decoder are not comparable with/);
});

test("R21 thinning keeps the spread", () => {
  const thin = thinned(
    Float32Array.from({ length: 10 }, (_, i) => i),
    4,
  );
  expect([...thin]).toEqual([0, 3, 6, 9]);
  expect(thinned(wave, 1_000)).toEqual(wave);
});
