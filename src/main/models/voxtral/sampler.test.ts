import * as fc from "fast-check";
import { expect, test } from "vitest";
import { greedy } from "../services.ts";
import type { Sampling } from "../services.ts";
import { createSampler, draw } from "./sampler.ts";

/** The textbook way: sort everything, then cut. Returns id and probability, most probable first. */
function referenceCandidates(logits: Float32Array, sampling: Sampling): { id: number; weight: number }[] {
  const maximum = Math.max(...logits);
  const normalised = (list: { id: number; weight: number }[]) => {
    const total = list.reduce((sum, { weight }) => sum + weight, 0);
    return list.map(({ id, weight }) => ({ id, weight: weight / total }));
  };
  let list = Array.from(logits, (logit, id) => ({
    id,
    weight: Math.exp((logit - maximum) / sampling.temperature),
  }));
  list = normalised(list).sort((a, b) => b.weight - a.weight || a.id - b.id);
  if (sampling.topK > 0) list = normalised(list.slice(0, sampling.topK));
  if (sampling.topP < 1) {
    let sum = 0;
    const end = list.findIndex(({ weight }) => (sum += weight) >= sampling.topP);
    list = end < 0 ? list : list.slice(0, end + 1);
  }
  return normalised(list.filter(({ weight }) => weight >= sampling.minP * list[0]!.weight));
}

// Steps of 1/16 keep sums away from the cuts, where float noise would decide.
const logitsArbitrary = fc
  .array(fc.integer({ min: -64, max: 64 }), { minLength: 2, maxLength: 60 })
  .map((values) => Float32Array.from(values, (value) => value / 16));
const samplingArbitrary: fc.Arbitrary<Sampling> = fc.record({
  temperature: fc.constantFrom(0.2, 0.7, 1, 1.7),
  topK: fc.constantFrom(0, 1, 3, 10),
  topP: fc.constantFrom(0.317, 0.871, 0.953, 1),
  minP: fc.constantFrom(0, 0.0517, 0.313),
  repetitionPenalty: fc.constant(1),
});

test("R1 sampling chooses from the same candidates, with the same chances, as sorting everything would", () => {
  fc.assert(
    fc.property(logitsArbitrary, samplingArbitrary, (logits, sampling) => {
      const maximum = Math.max(...logits);
      const expected = new Map(referenceCandidates(logits, sampling).map(({ id, weight }) => [id, weight]));
      const steps = 400;
      const seen = new Map<number, number>();
      for (let step = 0; step < steps; step++) {
        const id = draw(logits, maximum, sampling, (step + 0.5) / steps);
        seen.set(id, (seen.get(id) ?? 0) + 1 / steps);
      }
      for (const id of seen.keys()) expect(expected.has(id)).toBe(true);
      // An evenly spread draw meets each candidate as often as its share of the range, give or take one draw.
      for (const [id, weight] of expected)
        expect(Math.abs((seen.get(id) ?? 0) - weight)).toBeLessThan(2 / steps);
    }),
  );
});

test("R1 top-p after top-k is a share of all that top-k left, its lightest included", () => {
  const logits = Float32Array.of(0, 0.25, 1.4375, 1.0625, 0);
  const sampling = { ...greedy, temperature: 1.7, topK: 10, topP: 0.317 };
  expect([0.1, 0.9].map((fraction) => draw(logits, 1.4375, sampling, fraction))).toEqual([2, 3]);
});

test("R1 greedy takes the first of the largest, and ignores NaN", () => {
  const next = (...values: number[]) => createSampler(greedy).next(Float32Array.from(values));
  expect(next(1, 3, 3, 2)).toBe(1);
  expect(next(Number.NaN, -5, -7)).toBe(1);
  expect(() => next(Number.NaN, Number.NaN)).toThrow(expect.objectContaining({ code: "internal" }));
});

test("R1 the repetition penalty turns away from what was just said", () => {
  const sampler = createSampler({ ...greedy, repetitionPenalty: 1.5 });
  const next = () => sampler.next(Float32Array.of(3, 2.5, -1));
  expect([next(), next(), next()]).toEqual([0, 1, 0]);
});

test("R1 a seed makes sampling repeatable, another seed another sequence", () => {
  const run = (seed: number) => {
    const sampler = createSampler({ ...greedy, temperature: 1, seed });
    return Array.from({ length: 20 }, () => sampler.next(new Float32Array(50)));
  };
  expect(run(7)).toEqual(run(7));
  expect(run(7)).not.toEqual(run(8));
});

test.each([
  { temperature: -1 },
  { temperature: Number.NaN },
  { topK: 1.5 },
  { topP: 0 },
  { minP: 2 },
  { repetitionPenalty: 0 },
])("R64 sampling out of range is refused: %o", (wrong) => {
  expect(() => createSampler({ ...greedy, ...wrong })).toThrow(
    expect.objectContaining({ code: "bad-input" }),
  );
});
