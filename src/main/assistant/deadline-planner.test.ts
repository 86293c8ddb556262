import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DeadlinePlanner } from "./deadline-planner.ts";
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

describe("R43 the start", () => {
  /** A planner whose first segment of 20 characters was made at 1 s, and its clock. */
  function begun(costs: CostEstimate) {
    const time = { nowMs: 1_000 };
    const deadline = new DeadlinePlanner(
      () => costs,
      () => time.nowMs,
    );
    expect(deadline.startsInMs()).toBe(Number.POSITIVE_INFINITY);
    deadline.planned(20);
    deadline.made(20, 20 * costs.audioMsPerCharacter);
    return { deadline, time };
  }

  test("is at once where speech is made faster than it sounds", () => {
    expect(begun(priorCosts).deadline.startsInMs()).toBe(0);
  });

  test("waits for what is planned, just long enough", () => {
    const { deadline, time } = begun({ ...priorCosts, synthesisMsPerCharacter: 100, synthesisErrorMs: 0 });
    deadline.planned(30);
    deadline.complete();
    // 20 characters sound for 1200 ms; the 30 that follow take 20 + 3000 ms from now.
    expect(deadline.startsInMs()).toBeCloseTo(20 + 3_000 - 1_200, 5);
    time.nowMs += 500;
    expect(deadline.startsInMs()).toBeCloseTo(20 + 3_000 - 1_200 - 500, 5);
    time.nowMs += 3_000;
    deadline.made(30, 1_800);
    expect(deadline.startsInMs()).toBe(0);
  });

  test("waits longer, the slower the speech", () => {
    const waits = [1, 20, 40, 55].map((synthesisMsPerCharacter) =>
      begun({ ...priorCosts, synthesisBaseMs: 200, synthesisMsPerCharacter }).deadline.startsInMs(),
    );
    expect(waits).toEqual(waits.toSorted((a, b) => a - b));
    expect(waits[0]).toBe(0);
    expect(waits[3]).toBeGreaterThan(0);
  });
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
