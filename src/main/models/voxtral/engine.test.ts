import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { golden, goldenSamples, melBlocks, nanoDir } from "../../../../tests/support/voxtral-golden.ts";
import { greedy } from "../services.ts";
import type { GenerationPart, Prompt, PromptTurn } from "../services.ts";
import { VoxtralEngine } from "./engine.ts";

const noAbort = new AbortController().signal;

async function generate(engine: VoxtralEngine, prompt: Prompt, maxNewTokens = 128) {
  const parts: GenerationPart[] = [];
  for await (const part of engine.generate({ prompt, sampling: greedy, maxNewTokens }, noAbort))
    parts.push(part);
  const prefilled = parts[0]!;
  const finished = parts.at(-1)!;
  if (prefilled.type !== "prefilled" || finished.type !== "finished") throw new Error("incomplete stream");
  const tokens = parts.filter((part) => part.type === "token");
  return { prefilled, tokens, finished, text: tokens.map(({ text }) => text).join("") + finished.text };
}

async function hear(engine: VoxtralEngine, file: string, utteranceId = file): Promise<PromptTurn> {
  const samples = goldenSamples(file);
  for (const block of await melBlocks(utteranceId, samples)) engine.hear(block);
  return { role: "user", content: [{ type: "audio", utteranceId, samples: samples.length }] };
}

function chat(turns: readonly PromptTurn[], instructions = ""): Prompt {
  return { kind: "chat", instructions, turns };
}

describe.each(["fp32", "q8"])("demo model in %s", (dtype) => {
  let engine: VoxtralEngine;
  beforeAll(async () => {
    engine = await VoxtralEngine.load({ modelDir: nanoDir, provider: "cpu", threads: 0, dtype });
  });
  afterAll(() => engine.release());

  test.each(golden.items.filter(({ kind }) => kind === "chat"))(
    "R1 greedy ids equal the golden: $file",
    async (item) => {
      const { tokens, finished, text, prefilled } = await generate(
        engine,
        chat([await hear(engine, item.file)]),
      );
      expect(finished).toMatchObject({ reason: "end", tokenIds: item.generated_ids });
      expect(tokens.map(({ id }) => id)).toEqual(item.generated_ids);
      expect(text).toBe(item.text);
      expect(prefilled.prefillTokens + prefilled.reusedTokens).toBe(item.prompt_ids.length);
    },
  );
});
