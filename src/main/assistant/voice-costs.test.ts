import { expect, test } from "vitest";
import { priorCosts } from "./speech-costs.ts";
import { VoiceCosts } from "./voice-costs.ts";

const slow = { characters: 40, synthesisMs: 900, audioMs: 4_000 };

test("R43 each voice and speed has costs of its own, and they stay", () => {
  const costs = new VoiceCosts();
  const heart = costs.of("af_heart", 1);
  const fast = costs.of("af_heart", 1.5);
  for (let i = 0; i < 20; i++) heart.spoken(slow);
  expect(costs.of("af_heart", 1)).toBe(heart);
  expect(costs.of("af_heart", 1.5)).toBe(fast);
  expect(fast.estimate.audioMsPerCharacter).toBeCloseTo(priorCosts.audioMsPerCharacter);
});

test("R43 a new voice begins with what the one before it cost on this machine", () => {
  const costs = new VoiceCosts();
  const heart = costs.of("af_heart", 1);
  for (let i = 0; i < 100; i++) heart.spoken(slow);
  const { audioMsPerCharacter, synthesisBaseMs, synthesisMsPerCharacter } = costs.of("bm_george", 1).estimate;
  expect(audioMsPerCharacter).toBeGreaterThan(90);
  expect(synthesisBaseMs + 40 * synthesisMsPerCharacter).toBeGreaterThan(500);
});

test("R63 voices that were not used for long are forgotten", () => {
  const costs = new VoiceCosts();
  const first = costs.of("first", 1);
  for (let i = 0; i < 100; i++) costs.of(`voice ${i}`, 1);
  expect(costs.of("first", 1)).not.toBe(first);
});
