import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  golden,
  goldenItem,
  goldenSamples,
  melBlocks,
  nanoDir,
} from "../../../../tests/support/voxtral-golden.ts";
import { recordRuns } from "../../../../tests/support/session-runs.ts";
import { isCancelled } from "../../../shared/errors.ts";
import { greedy } from "../services.ts";
import type { GenerationPart, Prompt, PromptTurn } from "../services.ts";
import { VoxtralEngine } from "./engine.ts";

const load = { modelDir: nanoDir, provider: "cpu", threads: 0 } as const;
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

function brief(turns: readonly PromptTurn[]): Prompt {
  return { kind: "chat", instructions: "", turns, staysBrief: true };
}

function reply(tokenIds: readonly number[]): PromptTurn {
  return { role: "assistant", tokenIds };
}

function question(text: string): PromptTurn {
  return { role: "user", content: [{ type: "text", text }] };
}

describe.each(["fp32", "q8"])("R1 greedy ids equal the goldens in %s", (dtype) => {
  let engine: VoxtralEngine;
  beforeAll(async () => {
    engine = await VoxtralEngine.load({ ...load, dtype });
  });
  afterAll(() => engine.release());

  test.each(golden.items.filter(({ kind }) => kind !== "system"))("$file", async (item) => {
    const asked = await hear(engine, item.file);
    const spoken = {
      kind: "transcribe",
      utteranceId: item.file,
      samples: item.n_samples,
      language: "en",
    } as const;
    const { tokens, finished, text, prefilled } = await generate(
      engine,
      item.kind === "chat" ? chat([asked]) : spoken,
    );
    expect(finished).toMatchObject({ reason: "end", tokenIds: item.generated_ids });
    expect(tokens.map(({ id }) => id)).toEqual(item.generated_ids);
    expect(text).toBe(item.text);
    expect(prefilled.prefillTokens + prefilled.reusedTokens).toBe(item.prompt_ids.length);
  });

  test.each(golden.multi_turn)(
    "second turn $files, R41 prefilling only what is new",
    async ({ files, ...expected }) => {
      const first = await hear(engine, files[0]);
      const answer = await generate(engine, chat([first]));
      const second = await hear(engine, files[1]);
      const { finished, prefilled } = await generate(
        engine,
        chat([first, reply(answer.finished.tokenIds), second]),
      );
      expect(finished.tokenIds).toEqual(expected.generated_ids);
      // </s> was chosen but never computed; the rest of the reply is in the cache.
      const known = 379 + answer.finished.tokenIds.length;
      expect(prefilled).toMatchObject({
        reusedTokens: known,
        prefillTokens: expected.prompt_ids.length - known,
      });
    },
  );

  test.each(golden.text_only)("written question", async ({ question: asked, generated_ids }) => {
    expect((await generate(engine, chat([question(asked)]))).finished.tokenIds).toEqual(generated_ids);
  });
});

describe("one conversation", () => {
  let engine: VoxtralEngine;
  beforeEach(async () => {
    engine = await VoxtralEngine.load(load);
    return () => engine.release();
  });

  test("R41 an answer cut anywhere continues as a fresh run would", async () => {
    const first = await hear(engine, "06_story.wav");
    const second = await hear(engine, "04_three_plus_four.wav");
    const full = (await generate(engine, chat([first]))).finished.tokenIds;
    for (const heard of [full.length, 12, 5, 1, 0]) {
      const turns = [first, reply(full.slice(0, heard)), second];
      const kept = await generate(engine, chat(turns));
      const fresh = await VoxtralEngine.load(load);
      await hear(fresh, "06_story.wav");
      await hear(fresh, "04_three_plus_four.wav");
      const again = await generate(fresh, chat(turns));
      await fresh.release();
      expect(again.prefilled.reusedTokens).toBe(0);
      expect(kept.prefilled.reusedTokens).toBeGreaterThan(heard === 0 ? 377 : 379);
      expect(kept.finished.tokenIds).toEqual(again.finished.tokenIds);
    }
  });

  test("R42 prepare computes what is known before the speech, and generate uses it", async () => {
    const open = chat(
      [{ role: "user", content: [{ type: "audio", utteranceId: "later", samples: 0 }] }],
      "Be brief.",
    );
    const instructions = engine.tokenize("Be brief.").length;
    const prepared = await engine.prepare(open, noAbort);
    expect(prepared).toEqual({ prefillTokens: 3 + instructions, reusedTokens: 0 });
    expect(await engine.prepare(open, noAbort)).toEqual({ prefillTokens: 0, reusedTokens: 3 + instructions });
    const heard = await hear(engine, "08_planets_system.wav", "later");
    const answered = await generate(engine, chat([heard], "Be brief."));
    expect(answered.prefilled).toMatchObject({ reusedTokens: 3 + instructions, prefillTokens: 376 });
  });

  test("R16 a transcription leaves the conversation's cache alone and encodes nothing again", async () => {
    const item = goldenItem("09_transcribe.wav");
    const asked = await hear(engine, item.file);
    const answer = await generate(engine, chat([asked]));
    expect(answer.prefilled.spans.map(({ name }) => name)).toEqual(["encode", "prefill"]);
    const samples = item.n_samples;
    const spoken = { kind: "transcribe", utteranceId: item.file, samples, language: "en" } as const;
    const written = await generate(engine, spoken);
    expect(written.text).toBe(item.text);
    expect(written.prefilled.spans.map(({ name }) => name)).toEqual(["prefill"]);
    const next = await generate(
      engine,
      chat([asked, reply(answer.finished.tokenIds), question("who are you?")]),
    );
    expect(next.prefilled.reusedTokens).toBe(379 + answer.finished.tokenIds.length);
  });

  test("R1 one token a macrotask, and a cancellation is seen before the next step", async () => {
    const asked = await hear(engine, "06_story.wav");
    const abort = new AbortController();
    const params = { prompt: chat([asked]), sampling: greedy, maxNewTokens: 128 };
    let turns = 0;
    let stop: NodeJS.Immediate;
    const count = (): void => {
      turns++;
      stop = setImmediate(count);
    };
    count();
    const seenAt: number[] = [];
    const run = (async () => {
      for await (const part of engine.generate(params, abort.signal)) {
        if (part.type !== "token") continue;
        seenAt.push(turns);
        if (seenAt.length === 5) setTimeout(() => abort.abort(), 0);
      }
    })();
    const error = await run.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    clearImmediate(stop!);
    expect(isCancelled(error)).toBe(true);
    expect(new Set(seenAt).size).toBe(seenAt.length);
    const full = await generate(engine, chat([asked]));
    expect(seenAt.length).toBeLessThan(full.tokens.length);
    // The steps that were done are not done again.
    expect(full.prefilled.reusedTokens).toBe(378);
    expect(full.finished.tokenIds).toEqual(goldenItem("06_story.wav").generated_ids);
  });

  test("R44 requests are served one after the other, in order", async () => {
    const asked = await hear(engine, "01_hello.wav");
    const order: string[] = [];
    const run = async (name: string, prompt: Prompt) => {
      for await (const part of engine.generate({ prompt, sampling: greedy, maxNewTokens: 8 }, noAbort)) {
        order.push(`${name} ${part.type}`);
      }
    };
    await Promise.all([run("a", chat([asked])), run("b", chat([question("who are you?")]))]);
    expect(order.findIndex((entry) => entry.startsWith("b"))).toBe(order.lastIndexOf("a finished") + 1);
  });

  test("R62 speech that was never heard, or partly, is named; forgotten speech is still known by the cache", async () => {
    const unknown: PromptTurn = {
      role: "user",
      content: [{ type: "audio", utteranceId: "gone", samples: 1 }],
    };
    const missing = { code: "audio-missing", details: { utteranceIds: ["gone"] } };
    await expect(generate(engine, chat([unknown]))).rejects.toMatchObject(missing);
    const [block] = await melBlocks("gone", goldenSamples("01_hello.wav"));
    engine.hear({ ...block!, startFrame: 100, frames: 2900, data: block!.data.subarray(100 * 128) });
    await expect(generate(engine, chat([unknown]))).rejects.toMatchObject(missing);

    const first = await hear(engine, "03_capital_france.wav");
    const answer = await generate(engine, chat([first]));
    engine.forget(["03_capital_france.wav"]);
    const second = await hear(engine, "04_three_plus_four.wav");
    const next = await generate(engine, chat([first, reply(answer.finished.tokenIds), second]));
    expect(next.finished.tokenIds).toEqual(golden.multi_turn[0]!.generated_ids);
    await expect(generate(engine, chat([question("Hi"), reply([50]), first]))).rejects.toMatchObject({
      code: "audio-missing",
    });
  });

  test("R1 speech over 30 s is encoded while it goes on, in windows of its own", async () => {
    const samples = new Float32Array(500_000);
    samples.set(goldenSamples("01_hello.wav"));
    const [first, last] = await melBlocks("long", samples);
    engine.hear(first!);
    // Whatever is asked now waits its turn behind the encoder.
    await engine.prepare(chat([question("Hi")]), noAbort);
    engine.hear(last!);
    const asked: PromptTurn = {
      role: "user",
      content: [{ type: "audio", utteranceId: "long", samples: 500_000 }],
    };
    const { prefilled } = await generate(engine, chat([asked]), 4);
    expect(prefilled.prefillTokens + prefilled.reusedTokens).toBe(4 + 750);
    expect(prefilled.spans.map(({ name, index }) => `${name} ${index}`)).toEqual([
      "encode 1",
      "prefill undefined",
    ]);
  });

  test("R41 a long conversation is shortened in idle time: no question computes more than itself", async () => {
    const open: PromptTurn = {
      role: "user",
      content: [{ type: "audio", utteranceId: "next", samples: 0 }],
    };
    const turns: PromptTurn[] = [];
    const dropped: number[] = [];
    for (let turn = 0; turn < 8; turn++) {
      await hear(engine, "01_hello.wav", `hello ${turn}`);
      const transcript = "Hello. ".repeat(40);
      turns.push({
        role: "user",
        content: [{ type: "audio", utteranceId: `hello ${turn}`, samples: 1, transcript }],
      });
      const { prefilled, finished } = await generate(engine, brief(turns), 40);
      expect(prefilled.prefillTokens).toBeLessThanOrEqual(turn === 0 ? 379 : 376);
      expect(prefilled.reusedTokens).toBeLessThan(700);
      turns.push(reply(finished.tokenIds));
      dropped.push(prefilled.droppedTurns);
      await engine.prepare(brief([...turns, open]), noAbort);
    }
    expect(dropped).toEqual([0, 0, 0, 2, 2, 4, 4, 6]);
  });

  test("R41 speech of long ago is remembered by its words, and the answer is that to the same history in writing", async () => {
    const spoken = await hear(engine, "01_hello.wav");
    const again = await hear(engine, "04_three_plus_four.wav", "again");
    const transcribed: PromptTurn = {
      role: "user",
      content: [{ type: "audio", utteranceId: "01_hello.wav", samples: 1, transcript: "Hello." }],
    };
    const turns = [reply([50, 51]), again, reply([52]), again];
    const first = await generate(engine, brief([transcribed, ...turns]));
    const written = await generate(engine, brief([question("Hello."), ...turns]));
    expect(first.prefilled.droppedTurns).toBe(0);
    expect(written.prefilled).toMatchObject({ prefillTokens: 1 });
    expect(first.finished.tokenIds).toEqual(written.finished.tokenIds);
    expect((await generate(engine, brief([spoken, ...turns]))).prefilled.droppedTurns).toBe(1);
    // Whoever never tells the words keeps the sound.
    const whole = await generate(engine, chat([spoken, ...turns]));
    expect(whole.prefilled.droppedTurns).toBe(0);
    expect(whole.prefilled.reusedTokens + whole.prefilled.prefillTokens).toBeGreaterThan(3 * 375);
  });

  test("R42 a preparation gives way to a question between two pieces, and what it did is not done again", async () => {
    const asked = await hear(engine, "01_hello.wav");
    const history = [question("word ".repeat(400)), reply([50])];
    let answering: ReturnType<typeof generate> | undefined;
    using _runs = recordRuns((kind) => {
      if (kind !== "decoder" || answering) return;
      answering = generate(engine, chat([...history, asked]), 4);
    });
    const { prefillTokens } = await engine.prepare(chat([...history, asked]), noAbort);
    const answered = await answering!;
    expect(prefillTokens).toBeGreaterThan(0);
    expect(answered.prefilled.reusedTokens).toBe(prefillTokens);
    const { prefilled } = answered;
    expect(prefilled.prefillTokens).toBeGreaterThan(376);
  });

  test("R64 a question that cannot fit, and no room for a token, are refused", async () => {
    const long = chat([question("word ".repeat(5000))]);
    await expect(generate(engine, long)).rejects.toMatchObject({ code: "context-full" });
    await expect(generate(engine, chat([question("Hi")]), 0)).rejects.toMatchObject({ code: "bad-input" });
  });

  test("R1 a reply ends at maxNewTokens with the text it has", async () => {
    const { finished, tokens } = await generate(engine, chat([await hear(engine, "06_story.wav")]), 3);
    expect(finished.reason).toBe("length");
    expect(tokens).toHaveLength(3);
  });
});
