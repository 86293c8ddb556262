import fc from "fast-check";
import { expect, test } from "vitest";
import { priorCosts, SpeechCosts } from "./speech-costs.ts";

test("R43 before any measurement the estimate is the prior", () => {
  const { estimate } = new SpeechCosts();
  for (const [name, value] of Object.entries(priorCosts)) {
    expect(estimate[name as keyof typeof estimate], name).toBeCloseTo(value, 6);
  }
});

test("R43 base and slope of the synthesis, token rate and pace are learnt from what is measured", () => {
  fc.assert(
    fc.property(
      fc.double({ min: 5, max: 500, noNaN: true }),
      fc.double({ min: 0.5, max: 60, noNaN: true }),
      (base, slope) => {
        const costs = new SpeechCosts();
        for (let i = 0; i < 300; i++) {
          const characters = 10 + ((i * 37) % 90);
          costs.spoken({ characters, synthesisMs: base + slope * characters, audioMs: 70 * characters });
          costs.token(25, 5);
        }
        const { estimate } = costs;
        const at = (characters: number): number =>
          estimate.synthesisBaseMs + estimate.synthesisMsPerCharacter * characters;
        for (const characters of [15, 50, 95]) {
          const truth = base + slope * characters;
          expect(Math.abs(at(characters) / truth - 1)).toBeLessThan(0.1);
        }
        expect(estimate.msPerToken).toBeCloseTo(25, 0);
        expect(estimate.charactersPerToken).toBeCloseTo(5, 0);
        expect(estimate.audioMsPerCharacter).toBeCloseTo(70, 0);
      },
    ),
  );
});

test("R43 one outlier moves a learnt cost by less than half, and impossible values not at all", () => {
  const costs = new SpeechCosts();
  for (let i = 0; i < 100; i++) {
    const characters = 20 + (i % 50);
    costs.spoken({ characters, synthesisMs: 40 + 2 * characters, audioMs: 65 * characters });
    costs.token(10, 4);
  }
  const before = costs.estimate;
  costs.token(Number.NaN, 4);
  costs.token(-1, 4);
  costs.spoken({ characters: 0, synthesisMs: 1e6, audioMs: 1 });
  expect(costs.estimate).toEqual(before);
  costs.token(60_000, 4);
  costs.spoken({ characters: 40, synthesisMs: 60_000, audioMs: 65 * 40 });
  const after = costs.estimate;
  const at = ({ synthesisBaseMs, synthesisMsPerCharacter }: typeof after): number =>
    synthesisBaseMs + 40 * synthesisMsPerCharacter;
  expect(after.msPerToken).toBeLessThan(1.5 * before.msPerToken);
  expect(at(after)).toBeLessThan(1.5 * at(before));
});
