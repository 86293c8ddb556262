import { randomUUID } from "node:crypto";
import type { Engine } from "../../src/main/models/engine.ts";
import {
  greedy,
  type GenerationPart,
  type Prompt,
  type PromptTurn,
  type UserContent,
} from "../../src/main/models/services.ts";
import { systemClock } from "../../src/shared/clock.ts";

/** One spoken turn. Milliseconds inside the model process, but for the idle work, which is seen from here. */
export interface MeasuredTurn {
  /** Positions of the question that had to be computed, and those it found in the cache. */
  readonly prefillTokens: number;
  readonly reusedTokens: number;
  readonly encodeMs: number;
  readonly prefillMs: number;
  /** Median from token to token. */
  readonly stepMs: number;
  /** After the reply: what was computed to be ready for the next question, and how long that took. */
  readonly idleTokens: number;
  readonly idleMs: number;
}

/**
 * A spoken conversation with the models alone. After each reply the user's words are written down and the cache is made
 * ready for the next question, as the product does when nothing else is to do.
 */
export class SpokenConversation {
  readonly #engine: Engine;
  readonly #history: PromptTurn[] = [];
  readonly #utteranceIds: string[] = [];

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Asks a recording (16 kHz mono). */
  async ask(samples: Float32Array): Promise<MeasuredTurn> {
    const utteranceId = randomUUID();
    this.#utteranceIds.push(utteranceId);
    await this.#engine.listener.call("replay", { utteranceId, samples });
    const content = { type: "audio", utteranceId, samples: samples.length } as const;
    const { tokenIds, measured } = await answer(this.#engine, chat([...this.#history, user(content)]));
    const transcript = await transcribed(this.#engine, utteranceId, samples.length);
    this.#history.push(user(transcript === "" ? content : { ...content, transcript }));
    this.#history.push({ role: "assistant", tokenIds });
    const startMs = systemClock.nowMs();
    const idleTokens = await this.ready();
    return { ...measured, idleTokens, idleMs: systemClock.nowMs() - startMs };
  }

  /** Brings the cache up to the next question; tells how many positions that took. */
  async ready(): Promise<number> {
    const open: UserContent = { type: "audio", utteranceId: "next", samples: 0 };
    const prompt = chat([...this.#history, user(open)]);
    return (await this.#engine.voxtral.call("prepare", { prompt })).prefillTokens;
  }

  forget(): void {
    this.#engine.voxtral.notify("forget", { utteranceIds: this.#utteranceIds });
    for (const utteranceId of this.#utteranceIds) this.#engine.listener.notify("forget", { utteranceId });
  }
}

function user(...content: UserContent[]): PromptTurn {
  return { role: "user", content };
}

function chat(turns: readonly PromptTurn[]): Prompt {
  return { kind: "chat", instructions: "", turns, staysBrief: true };
}

function generate(engine: Engine, prompt: Prompt): AsyncIterable<GenerationPart> {
  return engine.voxtral.stream("generate", {
    turnId: "bench-turns",
    prompt,
    sampling: greedy,
    maxNewTokens: 110,
  });
}

async function transcribed(engine: Engine, utteranceId: string, samples: number): Promise<string> {
  let text = "";
  const prompt: Prompt = { kind: "transcribe", utteranceId, samples, language: "en" };
  for await (const part of generate(engine, prompt)) if (part.type !== "prefilled") text += part.text;
  return text.trim();
}

async function answer(engine: Engine, prompt: Prompt) {
  const stepsMs: number[] = [];
  let tokenIds: readonly number[] = [];
  let prefilled: Extract<GenerationPart, { type: "prefilled" }> | undefined;
  for await (const part of generate(engine, prompt)) {
    if (part.type === "prefilled") prefilled = part;
    // The first token comes out of the prefill.
    if (part.type === "token" && part.index > 0) stepsMs.push(part.span.endMs - part.span.startMs);
    if (part.type === "finished") tokenIds = part.tokenIds;
  }
  if (!prefilled) throw new Error("A reply began without its prompt.");
  const { prefillTokens, reusedTokens, spans } = prefilled;
  const msOf = (name: string): number =>
    spans.filter((span) => span.name === name).reduce((sum, span) => sum + span.endMs - span.startMs, 0);
  const sorted = stepsMs.toSorted((a, b) => a - b);
  return {
    tokenIds,
    measured: {
      prefillTokens,
      reusedTokens,
      encodeMs: msOf("encode"),
      prefillMs: msOf("prefill"),
      stepMs: sorted[sorted.length >> 1] ?? Number.NaN,
    },
  };
}
