import fc from "fast-check";
import { expect, test } from "vitest";
import { DeadlinePlanner, firstCharacters } from "./deadline-planner.ts";
import { toSpeakable } from "./speakable-text.ts";
import { priorCosts, type CostEstimate } from "./speech-costs.ts";
import { SpeechPlanner } from "./speech-planner.ts";

function segments(reply: string, costs: CostEstimate): string[] {
  let nowMs = 0;
  const deadline = new DeadlinePlanner(
    () => costs,
    () => nowMs,
  );
  const planner = new SpeechPlanner(deadline.policy);
  const texts: string[] = [];
  const keep = (ready: readonly { readonly text: string }[]): void => {
    for (const { text } of ready) {
      deadline.planned(text.length);
      texts.push(text);
    }
  };
  for (const character of reply) {
    nowMs += costs.msPerToken / costs.charactersPerToken;
    keep(planner.push(character));
  }
  keep(planner.finish());
  return texts;
}

test("R43 where nothing is scarce the first segment is as short as speech allows", () => {
  expect(segments("The capital of France is Paris, as everybody knows.", priorCosts)[0]).toBe(
    "The capital of France",
  );
});

test("R43 the dearer a segment is, the longer the first one, until none is long enough", () => {
  const sizes = [20, 300, 700, 1_200].map((synthesisBaseMs) =>
    firstCharacters({ ...priorCosts, synthesisBaseMs }),
  );
  expect(sizes).toEqual(sizes.toSorted((a, b) => a! - b!));
  expect(sizes[0]).toBeLessThan(sizes[3]!);
  expect(firstCharacters({ ...priorCosts, synthesisMsPerCharacter: 200 })).toBeNull();
});

test("R43 with sound in hand sentences stay whole", () => {
  const reply =
    "Yes, it does. The old harbour, which was built by the Romans, still shelters boats in winter, and in summer.";
  expect(segments(reply, priorCosts).at(-1)).toContain(
    "The old harbour, which was built by the Romans, still",
  );
});

test("R43 whatever the costs, the segments together are the reply", () => {
  const word = fc.constantFrom("the", "old", "harbour", "waits", "for", "boats,", "always.", "Why?", "and");
  fc.assert(
    fc.property(
      fc.array(word, { minLength: 1, maxLength: 80 }),
      fc.double({ min: 1, max: 200, noNaN: true }),
      fc.double({ min: 1, max: 1_500, noNaN: true }),
      fc.double({ min: 0.1, max: 120, noNaN: true }),
      (words, msPerToken, synthesisBaseMs, synthesisMsPerCharacter) => {
        const reply = words.join(" ");
        const costs = { ...priorCosts, msPerToken, synthesisBaseMs, synthesisMsPerCharacter };
        expect(segments(reply, costs).join(" ")).toBe(toSpeakable(reply));
      },
    ),
    { numRuns: 60 },
  );
});
