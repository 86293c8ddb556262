import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { collect } from "../../../../tests/support/collect.ts";
import { goldenItem, goldenSamples, melBlocks, nanoDir } from "../../../../tests/support/voxtral-golden.ts";
import { greedy } from "../services.ts";
import type { GenerationPart, Prompt, Sampling } from "../services.ts";
import { VoxtralEngine } from "./engine.ts";

const item = goldenItem("06_story.wav");
const ids = item.generated_ids;
const { signal } = new AbortController();
let engine: VoxtralEngine;
let prompt: Prompt;

beforeAll(async () => {
  engine = await VoxtralEngine.load({ modelDir: nanoDir, provider: "cpu", threads: 0 });
  const samples = goldenSamples(item.file);
  for (const block of await melBlocks(item.file, samples)) engine.hear(block);
  const content = [{ type: "audio" as const, utteranceId: item.file, samples: samples.length }];
  prompt = { kind: "chat", instructions: "", turns: [{ role: "user", content }] };
});
afterAll(() => engine.release());

async function partsOf(
  said: readonly number[],
  { sampling = greedy, maxNewTokens = 200 }: { sampling?: Sampling; maxNewTokens?: number } = {},
): Promise<GenerationPart[]> {
  return collect(engine.generate({ prompt, sampling, maxNewTokens, said }, signal));
}

const tokensOf = (parts: readonly GenerationPart[]) => parts.filter((part) => part.type === "token");

describe("R21 a reply goes on in another process", () => {
  test.each([0, 1, 7, ids.length])(
    "after %i tokens, with the ids and the text it would have had",
    async (count) => {
      const parts = await partsOf(ids.slice(0, count));
      const tokens = tokensOf(parts);
      expect(tokens.map(({ id }) => id)).toEqual(ids.slice(count));
      expect(tokens.map(({ index }) => index)).toEqual(ids.slice(count).map((_, at) => count + at));
      expect(parts.at(-1)).toMatchObject({ type: "finished", reason: "end", tokenIds: ids });
      expect(item.text.endsWith(tokens.map(({ text }) => text).join(""))).toBe(true);
    },
  );

  test("with the same draws, when they are seeded", async () => {
    const sampling: Sampling = { ...greedy, temperature: 1.5, repetitionPenalty: 1.2, seed: 11 };
    const whole = tokensOf(await partsOf([], { sampling, maxNewTokens: 12 })).map(({ id }) => id);
    const rest = tokensOf(await partsOf(whole.slice(0, 5), { sampling, maxNewTokens: 12 }));
    expect(rest.map(({ id }) => id)).toEqual(whole.slice(5));
    expect(rest.length).toBeGreaterThan(0);
  });

  test("and not beyond its length", async () => {
    const parts = await partsOf(ids.slice(0, 6), { maxNewTokens: 6 });
    expect(tokensOf(parts)).toEqual([]);
    expect(parts.at(-1)).toMatchObject({ type: "finished", reason: "length", tokenIds: ids.slice(0, 6) });
  });
});
