import { systemClock } from "../../../shared/clock.ts";
import { AppError, isCancelled } from "../../../shared/errors.ts";
import type { GenerationPart, LoadParams, MelBlock, Prompt, Sampling, VoxtralInfo } from "../services.ts";
import { AudioMemory } from "./audio-memory.ts";
import { throwIfAborted } from "./cancellation.ts";
import { Context } from "./context.ts";
import type { Prefilled } from "./context.ts";
import { cutTokens, Detokenizer } from "./detokenizer.ts";
import { fittedPrompt } from "./fitted-prompt.ts";
import { interleaved } from "./interleaved.ts";
import type { KvCache } from "./kv-cache.ts";
import { loadModel } from "./load.ts";
import type { LoadedModel } from "./load.ts";
import { encodeWindow, layOut } from "./positions.ts";
import type { PositionSpace } from "./positions.ts";
import { beforeOpenAudio } from "./prompt.ts";
import type { ChatPrompt } from "./prompt.ts";
import { createSampler } from "./sampler.ts";
import type { Sampler } from "./sampler.ts";
import { Turnstile } from "../turnstile.ts";

/** Positions kept free for a reply until the first request says how long it may become. */
const USUAL_REPLY = 512;

/**
 * How much longer the prompt of any turn may take than that of the second (issue 3's aim for the fiftieth). It bounds what
 * of a conversation stands in the context: docs/decisions/0009.
 */
const PREFILL_GROWTH = 1.2;

export interface GenerateParams {
  readonly prompt: Prompt;
  readonly sampling: Sampling;
  readonly maxNewTokens: number;
  /** See VoxtralService. */
  readonly said?: readonly number[];
  /** See VoxtralService; meaningless for a transcription. */
  readonly speculative?: boolean;
}

interface Answering extends GenerateParams {
  readonly sampler: Sampler;
}

/**
 * One loaded Voxtral: hears mel, keeps the conversation's cache, generates. One request runs at a time, in order;
 * speculations and transcriptions take their turn part by part.
 */
export class VoxtralEngine {
  readonly info: VoxtralInfo;
  readonly #model: LoadedModel;
  readonly #space: PositionSpace;
  readonly #context: Context;
  readonly #conversation: KvCache;
  readonly #turnstile = new Turnstile();
  /** Who brought the conversation's cache where it is. */
  #owner: object | undefined;
  #isReleased = false;
  /** Ends a preparation between two pieces, once there is something to answer. */
  #preparing: AbortController | undefined;
  #reserve = USUAL_REPLY;

  private constructor(model: LoadedModel, space: PositionSpace, context: Context, info: VoxtralInfo) {
    this.info = info;
    this.#model = model;
    this.#space = space;
    this.#context = context;
    this.#conversation = context.newCache();
  }

  /** Opens a model folder and runs every graph once. Errors as `loadModel`. */
  static async load(params: LoadParams, audio: AudioMemory = new AudioMemory()): Promise<VoxtralEngine> {
    const model = await loadModel(params);
    try {
      const startMs = systemClock.nowMs();
      const { encoder, embeddings, decoder } = model;
      const space = { windowPositions: await encoder.warmUp(), audio, encoder, embeddings };
      const context = new Context(model, space);
      const { stepMs, kvOnDevice } = await context.warmUp();
      decoder.stepMs = stepMs;
      return new VoxtralEngine(model, space, context, {
        modelName: model.name,
        providers: Object.fromEntries(
          Object.entries(model.graphs).map(([name, graph]) => [name, graph.provider]),
        ),
        dtypes: model.dtypes,
        loadMs: model.loadMs,
        warmUpMs: systemClock.nowMs() - startMs,
        stepMs,
        contextLimit: model.contextLimit,
        kvDtype: decoder.layout.type,
        kvOnDevice,
        encoderPieces: encoder.pieces,
        decoderTuning: model.tuning,
      });
    } catch (error) {
      await model.release();
      throw error;
    }
  }

  /** Takes in mel. A window that is full is encoded at once, while its speaker goes on. */
  hear(block: MelBlock): void {
    const full = this.#space.audio.add(block);
    if (full !== undefined && !block.final) void this.#encodeAhead(block.utteranceId, full);
  }

  /** Drops mel and embeddings; a cached conversation that has them in it goes on. */
  forget(utteranceIds: readonly string[]): void {
    this.#space.audio.forget(utteranceIds);
  }

  tokenize(text: string): readonly number[] {
    return this.#model.tokenizer.encode(text);
  }

  cut(tokenIds: readonly number[], characters: number): readonly number[] {
    return cutTokens(this.#model.tokenizer, tokenIds, characters);
  }

  /** See VoxtralService. */
  async prepare(
    prompt: Prompt,
    signal: AbortSignal,
  ): Promise<{ readonly prefillTokens: number; readonly reusedTokens: number }> {
    // A transcription is never worth preparing: it runs on a cache of its own.
    if (prompt.kind === "transcribe") return { prefillTokens: 0, reusedTokens: 0 };
    this.#preparing?.abort();
    const overtaken = new AbortController();
    this.#preparing = overtaken;
    using _turn = await this.#turnstile.enter(signal);
    if (overtaken.signal.aborted) return { prefillTokens: 0, reusedTokens: this.#conversation.length };
    const items = beforeOpenAudio(this.#fit(prompt).items, this.#model.tokenizer.control.eos);
    const laidOut = layOut(items, this.#space);
    const reusedTokens = this.#conversation.commonPrefix(laidOut.positions);
    // All of it is there: what follows in the cache may be of use yet.
    if (reusedTokens === laidOut.positions.length) return { prefillTokens: 0, reusedTokens };
    this.#owner = undefined;
    const either = AbortSignal.any([signal, overtaken.signal]);
    const options = { wantLogits: false, inPieces: true, signal: either };
    try {
      await this.#context.prefill(this.#conversation, laidOut, options);
    } catch (error) {
      // A question has come: it goes on from where this got to.
      if (signal.aborted || !overtaken.signal.aborted || !isCancelled(error)) throw error;
    }
    return { prefillTokens: this.#conversation.length - reusedTokens, reusedTokens };
  }

  /** See VoxtralService. Throws `cancelled` between two steps when `signal` aborts. */
  async *generate(params: GenerateParams, signal: AbortSignal): AsyncGenerator<GenerationPart> {
    const { prompt, maxNewTokens } = params;
    if (!Number.isInteger(maxNewTokens) || maxNewTokens < 1) {
      throw new AppError("bad-input", "maxNewTokens must be a whole number of at least 1.");
    }
    const sampler = createSampler(params.sampling);
    if (prompt.kind === "transcribe") {
      const resume = (): void => this.#assertLoaded();
      yield* interleaved(this.#transcribe(prompt, { ...params, sampler }, signal), this.#turnstile, {
        signal,
        resume,
      });
      return;
    }
    this.#preparing?.abort();
    const parts = this.#answer(prompt, { ...params, sampler }, signal);
    if (params.speculative) {
      const owner = {};
      const resume = (isFirst: boolean): void => this.#own(owner, isFirst);
      yield* interleaved(parts, this.#turnstile, { signal, resume });
      return;
    }
    using _turn = await this.#turnstile.enter(signal);
    this.#owner = undefined;
    yield* parts;
  }

  /** Frees the sessions once the running request has ended. */
  async release(): Promise<void> {
    using _turn = await this.#turnstile.enter();
    this.#isReleased = true;
    this.#conversation.clear();
    await this.#model.release();
  }

  #assertLoaded(): void {
    if (this.#isReleased) throw new AppError("cancelled", "The model was unloaded.");
  }

  /** Takes the conversation's cache, or finds it as it was left: a speculation that was overtaken is over. */
  #own(owner: object, isFirst: boolean): void {
    this.#assertLoaded();
    if (isFirst) this.#owner = owner;
    if (this.#owner !== owner) throw new AppError("cancelled", "A newer request took this reply's place.");
  }

  /** On a cache of its own, so that the conversation goes on where it was, even in between. */
  async *#transcribe(prompt: Prompt, params: Answering, signal: AbortSignal): AsyncGenerator<GenerationPart> {
    const cache = this.#context.newCache();
    try {
      yield* this.#answerFrom(cache, prompt, params, signal);
    } finally {
      cache.clear();
    }
  }

  async *#answer(prompt: ChatPrompt, params: Answering, signal: AbortSignal): AsyncGenerator<GenerationPart> {
    this.#reserve = params.maxNewTokens;
    try {
      if (params.speculative) this.#assertEndsSo(prompt);
      yield* this.#answerFrom(this.#conversation, prompt, params, signal);
    } catch (error) {
      if (params.speculative && AppError.from(error).code === "audio-missing") this.#assertEndsSo(prompt);
      throw error;
    }
  }

  /** Throws `cancelled` when more was said than the prompt's last question has. */
  #assertEndsSo({ turns }: ChatPrompt): void {
    const last = turns.at(-1);
    const audio = last?.role === "user" ? last.content.findLast((part) => part.type === "audio") : undefined;
    if (audio && !this.#space.audio.endsWith(audio.utteranceId, audio.samples)) {
      throw new AppError("cancelled", "The question went on.");
    }
  }

  async *#answerFrom(
    cache: KvCache,
    prompt: Prompt,
    params: Answering,
    signal: AbortSignal,
  ): AsyncGenerator<GenerationPart> {
    const { said = [], speculative = false } = params;
    const { items, droppedTurns } = this.#fit(prompt);
    // Nobody waits for a transcript.
    const inPieces = speculative || prompt.kind === "transcribe";
    const options = { wantLogits: true, inPieces, signal };
    const laidOut = layOut([...items, { type: "ids", ids: said }], this.#space);
    const prefilled = await this.#context.prefill(cache, laidOut, options);
    const { prefillTokens, reusedTokens, spans } = prefilled;
    yield { type: "prefilled", prefillTokens, reusedTokens, droppedTurns, spans };
    yield* this.#reply(cache, prefilled, params, signal);
  }

  async *#reply(
    cache: KvCache,
    prefilled: Prefilled,
    { sampler, maxNewTokens, said = [] }: Answering,
    signal: AbortSignal,
  ): AsyncGenerator<GenerationPart> {
    const { tokenizer, endIds, contextLimit } = this.#model;
    const detokenizer = new Detokenizer(tokenizer);
    const tokenIds: number[] = [...said];
    for (const id of said) {
      detokenizer.push(id);
      sampler.took(id);
    }
    const isEnough = (): boolean => tokenIds.length >= maxNewTokens;
    // The last token had been said when its process ended, only that it was the last had not.
    if (said.length > 0 && isEnough()) {
      return yield { type: "finished", reason: "length", tokenIds, text: detokenizer.finish() };
    }
    let { logits } = prefilled;
    let startMs = prefilled.spans.at(-1)!.endMs;
    let sessionMs = 0;
    for (;;) {
      const id = sampler.next(logits);
      if (endIds.has(id)) {
        return yield { type: "finished", reason: "end", tokenIds, text: detokenizer.finish() };
      }
      const index = tokenIds.push(id) - 1;
      const text = detokenizer.push(id);
      const atMs = systemClock.nowMs();
      yield {
        type: "token",
        index,
        id,
        text,
        atMs,
        span: { name: "decode", startMs, endMs: atMs, index, sessionMs },
      };
      const isFull = cache.length >= contextLimit;
      if (isFull || isEnough()) {
        const reason = isFull ? "context" : "length";
        return yield { type: "finished", reason, tokenIds, text: detokenizer.finish() };
      }
      // A run is a macrotask of its own, so the token is on its way and a cancellation has been seen by the next time.
      throwIfAborted(signal);
      startMs = atMs;
      ({ logits, sessionMs } = await this.#context.step(cache, id));
      throwIfAborted(signal);
    }
  }

  #fit(prompt: Prompt): ReturnType<typeof fittedPrompt> {
    const { tokenizer, contextLimit: limit, work } = this.#model;
    const { windowPositions } = this.#space;
    return fittedPrompt(prompt, {
      tokenizer,
      windowPositions,
      limit,
      comfortable: work.contextFor(windowPositions, PREFILL_GROWTH),
      // A quarter is plenty: a request for more than that must not cost the conversation its memory.
      reserve: Math.min(this.#reserve, limit >> 2),
    });
  }

  async #encodeAhead(utteranceId: string, window: number): Promise<void> {
    using _turn = await this.#turnstile.enter();
    try {
      await encodeWindow({ utteranceId, window }, this.#space);
    } catch {
      // Silence is right: it was an offer. The request that needs this window meets the same failure and reports it.
    }
  }
}
