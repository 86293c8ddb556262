import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { recordRuns } from "../../../../tests/support/session-runs.ts";
import type { RunKind } from "../../../../tests/support/session-runs.ts";
import {
  golden,
  goldenItem,
  goldenSamples,
  melBlocks,
  nanoDir,
} from "../../../../tests/support/voxtral-golden.ts";
import { createPortPair } from "../../../shared/ports/memory.ts";
import { connect } from "../../../shared/rpc.ts";
import { greedy } from "../services.ts";
import type { GenerationPart, MelBlock, Prompt, PromptTurn, VoxtralService } from "../services.ts";
import { VoxtralEngine } from "./engine.ts";
import { start } from "./service.ts";

const load = { modelDir: nanoDir, provider: "cpu", threads: 0 } as const;
const story = goldenItem("06_story.wav");
const sum = goldenItem("04_three_plus_four.wav");

interface Asking {
  readonly speculative?: boolean;
  readonly signal?: AbortSignal;
  readonly maxNewTokens?: number;
}

function asked(utteranceId: string, samples: number, before: readonly PromptTurn[] = []): Prompt {
  const turn: PromptTurn = { role: "user", content: [{ type: "audio", utteranceId, samples }] };
  return { kind: "chat", instructions: "", turns: [...before, turn] };
}

function stream(engine: VoxtralEngine, prompt: Prompt, asking: Asking = {}): AsyncGenerator<GenerationPart> {
  const { speculative = false, signal = new AbortController().signal, maxNewTokens = 128 } = asking;
  return engine.generate({ prompt, sampling: greedy, maxNewTokens, speculative }, signal);
}

async function rest(parts: AsyncIterable<GenerationPart>) {
  const all: GenerationPart[] = [];
  for await (const part of parts) all.push(part);
  const finished = all.at(-1);
  if (finished?.type !== "finished") throw new Error("incomplete stream");
  return { all, prefilled: all.find((part) => part.type === "prefilled"), tokenIds: finished.tokenIds };
}

/** A recording as it is heard: its first frames, then the end, which may be supposed before it is said. */
async function heardInTwo(file: string, utteranceId: string) {
  const [block] = await melBlocks(utteranceId, goldenSamples(file));
  const cut = 60;
  const { final, ...open } = block!;
  const body: MelBlock = { ...open, frames: cut, data: block!.data.slice(0, cut * 128) };
  const end: MelBlock = {
    ...open,
    startFrame: cut,
    frames: block!.frames - cut,
    data: block!.data.slice(cut * 128),
    final: final!,
  };
  const samples = final!.samples;
  return { body, end, supposed: { ...end, provisional: true } satisfies MelBlock, samples };
}

/** More speech after a pause, then an end: what the recording `file` goes on with, so that its content is another. */
function more({ end, samples }: { readonly end: MelBlock; readonly samples: number }): MelBlock {
  const data = end.data.map((value) => value - 0.25);
  return { ...end, data, final: { samples: samples + 1600 } };
}

/** Runs a request until its prompt is computed, and leaves. */
async function prefill(parts: AsyncGenerator<GenerationPart>): Promise<void> {
  await parts.next();
  await parts.return(undefined);
}

let engine: VoxtralEngine;
beforeAll(async () => {
  engine = await VoxtralEngine.load(load);
});
afterAll(() => engine.release());

let name = 0;
/** Every test speaks of utterances of its own. */
const newName = (): string => `u${name++}`;

/** Aborts while the first run of this kind is inside the runtime: what is scheduled here comes right after that. */
function abortDuring(stage: RunKind, abort: AbortController) {
  let isDone = false;
  return recordRuns((kind) => {
    if (kind !== stage || isDone) return;
    isDone = true;
    setImmediate(() => abort.abort());
  });
}

describe("R42 a reply to a provisional ending", () => {
  test.each(golden.items.filter(({ kind }) => kind === "chat"))(
    "of $file is the one to the real end, and goes on as it",
    async (item) => {
      const id = newName();
      const { body, end, supposed, samples } = await heardInTwo(item.file, id);
      engine.hear(body);
      engine.hear(supposed);
      const parts = stream(engine, asked(id, samples), { speculative: true });
      for (let pulled = 0; pulled < 4; pulled++) await parts.next();
      engine.hear(end);
      expect((await rest(parts)).tokenIds).toEqual(item.generated_ids);
      // Asked again after the release nothing is left to do but the last position.
      const again = await rest(stream(engine, asked(id, samples)));
      expect(again.tokenIds).toEqual(item.generated_ids);
      expect(again.prefilled).toMatchObject({ prefillTokens: 1, spans: [{ name: "prefill" }] });
    },
  );

  test("that was not pulled to its end is there for the real question", async () => {
    const id = newName();
    const { body, end, supposed, samples } = await heardInTwo(sum.file, id);
    engine.hear(body);
    engine.hear(supposed);
    const abort = new AbortController();
    const parts = stream(engine, asked(id, samples), { speculative: true, signal: abort.signal });
    await parts.next();
    abort.abort();
    await expect(parts.next()).rejects.toMatchObject({ code: "cancelled" });
    engine.hear(end);
    const { tokenIds, prefilled } = await rest(stream(engine, asked(id, samples)));
    expect(tokenIds).toEqual(sum.generated_ids);
    expect(prefilled).toMatchObject({ prefillTokens: 1 });
  });

  test("to which more was said is cancelled, never answered with another content", async () => {
    const id = newName();
    const heard = await heardInTwo(sum.file, id);
    engine.hear(heard.body);
    engine.hear(heard.supposed);
    engine.hear(more(heard));
    const prompt = asked(id, heard.samples);
    await expect(stream(engine, prompt, { speculative: true }).next()).rejects.toMatchObject({
      code: "cancelled",
    });
    await expect(stream(engine, asked("never heard", 1), { speculative: true }).next()).rejects.toMatchObject(
      { code: "cancelled" },
    );
  });

  test.each(["encoder", "decoder", "first token"] as const)(
    "and missed after its %s leaves the question as much to do as without it",
    async (stage) => {
      const before: readonly PromptTurn[] = [
        { role: "user", content: [{ type: "text", text: "Tell me something." }] },
        { role: "assistant", text: "I am a small demo." },
      ];
      const id = newName();
      const heard = await heardInTwo(sum.file, id);
      engine.hear(heard.body);
      await engine.prepare(asked(id, 0, before), new AbortController().signal);
      engine.hear(heard.supposed);
      const abort = new AbortController();
      const options = { speculative: true, signal: abort.signal };
      const parts = stream(engine, asked(id, heard.samples, before), options);
      if (stage === "first token") {
        for (let pulled = 0; pulled < 3; pulled++) await parts.next();
      } else {
        using _runs = abortDuring(stage, abort);
        await expect(parts.next()).rejects.toMatchObject({ code: "cancelled" });
      }
      await parts.return(undefined);
      engine.hear(more(heard));
      const missed = await rest(stream(engine, asked(id, heard.samples + 1600, before)));

      const fresh = newName();
      const same = await heardInTwo(sum.file, fresh);
      engine.hear(same.body);
      await engine.prepare(asked(fresh, 0, before), new AbortController().signal);
      engine.hear(more(same));
      const plain = await rest(stream(engine, asked(fresh, same.samples + 1600, before)));
      expect(missed.prefilled).toMatchObject({
        prefillTokens: plain.prefilled!.prefillTokens,
        reusedTokens: plain.prefilled!.reusedTokens,
      });
      expect(missed.tokenIds).toEqual(plain.tokenIds);
    },
  );
});

describe("R42 a speculation in the way of the real question", () => {
  test.each(["encoder", "decoder"] as const)("is waited for one piece of its %s at most", async (stage) => {
    const id = newName();
    const heard = await heardInTwo(sum.file, id);
    engine.hear(heard.body);
    engine.hear(heard.supposed);
    const abort = new AbortController();
    const options = { speculative: true, signal: abort.signal };
    const speculation = stream(engine, asked(id, heard.samples), options).next();
    const real = newName();
    let isReleased = false;
    let runsAfter: readonly RunKind[] = [];
    {
      let answer: Promise<void> | undefined;
      using runs = recordRuns((kind) => {
        if (kind !== stage || isReleased) return;
        isReleased = true;
        // The release comes while this piece is computed.
        setImmediate(() => {
          runs.kinds.length = 0;
          abort.abort();
          engine.hear(more(heard));
          answer = prefill(stream(engine, asked(id, heard.samples + 1600)));
        });
      });
      await expect(speculation).rejects.toMatchObject({ code: "cancelled" });
      await answer;
      runsAfter = [...runs.kinds];
    }
    const same = await heardInTwo(sum.file, real);
    engine.hear(same.body);
    engine.hear(more(same));
    using plain = recordRuns();
    await prefill(stream(engine, asked(real, same.samples + 1600)));
    expect(plain.kinds.length).toBeGreaterThan(1);
    expect(runsAfter).toEqual(plain.kinds);
  });

  test("is over when the model was unloaded meanwhile", async () => {
    const other = await VoxtralEngine.load(load);
    const { body, supposed, samples } = await heardInTwo(sum.file, "unloaded");
    other.hear(body);
    other.hear(supposed);
    const speculation = stream(other, asked("unloaded", samples), { speculative: true });
    await speculation.next();
    await other.release();
    await expect(speculation.next()).rejects.toMatchObject({ code: "cancelled" });
  });

  test("is over when it was paused, and a transcription does not end it", async () => {
    const id = newName();
    const { body, end, supposed, samples } = await heardInTwo(story.file, id);
    engine.hear(body);
    engine.hear(supposed);
    const parts = stream(engine, asked(id, samples), { speculative: true });
    for (let pulled = 0; pulled < 3; pulled++) await parts.next();
    const other = await heardInTwo(goldenItem("09_transcribe.wav").file, newName());
    engine.hear(other.body);
    engine.hear(other.end);
    const transcribing: Prompt = {
      kind: "transcribe",
      utteranceId: other.body.utteranceId,
      samples: other.samples,
      language: "en",
    };
    const words = await rest(stream(engine, transcribing));
    expect(words.tokenIds).toEqual(goldenItem("09_transcribe.wav").generated_ids);
    expect((await parts.next()).value).toMatchObject({ type: "token", index: 2 });

    const question: Prompt = {
      kind: "chat",
      instructions: "",
      turns: [{ role: "user", content: [{ type: "text", text: "who are you?" }] }],
    };
    await rest(stream(engine, question));
    await expect(parts.next()).rejects.toMatchObject({ code: "cancelled" });
    engine.hear(end);
    expect((await rest(stream(engine, asked(id, samples)))).tokenIds).toEqual(story.generated_ids);
  });

  test("R16 a question does not wait for a transcription, which goes on after it", async () => {
    const item = goldenItem("09_transcribe.wav");
    const [first, second] = [await heardInTwo(item.file, newName()), await heardInTwo(sum.file, newName())];
    for (const { body, end } of [first, second]) {
      engine.hear(body);
      engine.hear(end);
    }
    const { utteranceId } = first.body;
    const parts = stream(engine, { kind: "transcribe", utteranceId, samples: first.samples, language: "en" });
    for (let pulled = 0; pulled < 3; pulled++) await parts.next();
    const answered = await rest(stream(engine, asked(second.body.utteranceId, second.samples)));
    expect(answered.tokenIds).toEqual(sum.generated_ids);
    expect((await rest(parts)).tokenIds).toEqual(item.generated_ids);
  });

  test("holds nothing while its stream has no credit", async () => {
    const [here, there] = createPortPair();
    using _service = start(there);
    using _port = here;
    const voxtral = connect<VoxtralService>(here);
    await voxtral.call("load", load);
    const id = newName();
    const { body, supposed, samples } = await heardInTwo(story.file, id);
    voxtral.notify("mel", body);
    voxtral.notify("mel", supposed);
    const shared = { turnId: "t", sampling: greedy, maxNewTokens: 128 };
    const speculation = voxtral.stream("generate", {
      ...shared,
      prompt: asked(id, samples),
      speculative: true,
    });
    const parts = speculation[Symbol.asyncIterator]();
    await parts.next();
    const hello = goldenItem("01_hello.wav");
    for (const block of await melBlocks("hello", goldenSamples(hello.file))) voxtral.notify("mel", block);
    const prompt = asked("hello", hello.n_samples);
    const { tokenIds } = await rest(voxtral.stream("generate", { ...shared, prompt }));
    expect(tokenIds).toEqual(hello.generated_ids);
    const ending = (async () => {
      while (!(await parts.next()).done);
    })();
    await expect(ending).rejects.toMatchObject({ code: "cancelled" });
  });
});
