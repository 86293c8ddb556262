import { systemClock } from "../../../shared/clock.ts";
import type { Span } from "../../../shared/metrics.ts";
import { announceBusy } from "../busy.ts";
import { pauseForCancellation, throwIfAborted } from "./cancellation.ts";
import { PIECE_PRODUCTS } from "./decoder-work.ts";
import type { DecoderRun } from "./decoder.ts";
import { KvCache } from "./kv-cache.ts";
import type { Position } from "./kv-cache.ts";
import type { LoadedModel } from "./load.ts";
import { embed, encodeWindows } from "./positions.ts";
import type { LaidOut, PositionSpace } from "./positions.ts";

/** On a slow processor a long prompt takes minutes; the supervisor must not take that for a hang. */
const PREFILL_BUDGET_MS = 300_000;
/** Prompts shorter than this pass without telling the supervisor. */
const LONG_PROMPT = 64;
/** The shortest piece of a prompt: below it a run's fixed cost and the cache's way in and out outweigh the positions. */
const SMALLEST_PIECE = 32;
const WARM_UP_STEPS = 3;

export interface Prefilled {
  /** Scores after the last position; empty when they were not asked for. */
  readonly logits: Float32Array;
  readonly prefillTokens: number;
  readonly reusedTokens: number;
  /** `encode` spans and one `prefill`, in order of time. */
  readonly spans: readonly Span[];
}

export interface Step {
  readonly logits: Float32Array;
  readonly sessionMs: number;
}

export interface PrefillOptions {
  /** Computes at least the last position, for its scores. */
  readonly wantLogits: boolean;
  /** In pieces that are short enough to be waited for, so that `signal` takes effect between them (R42). */
  readonly inPieces: boolean;
  readonly signal: AbortSignal;
}

/** The decoder at work on a cache: computes what a prompt adds to it, and single tokens. */
export class Context {
  readonly #model: LoadedModel;
  readonly #space: PositionSpace;
  readonly #row: Float32Array;

  constructor(model: LoadedModel, space: PositionSpace) {
    this.#model = model;
    this.#space = space;
    this.#row = new Float32Array(model.decoder.hiddenSize);
  }

  newCache(): KvCache {
    return new KvCache(this.#model.decoder.layout, this.#model.deviceTruncate);
  }

  /**
   * Brings `cache` to exactly the prompt, computing only what follows the common beginning. Cancelled between two pieces
   * it leaves those that are done. A failed run empties the cache, since nobody knows what it left there.
   */
  async prefill(
    cache: KvCache,
    { positions, windows }: LaidOut,
    { wantLogits, inPieces, signal }: PrefillOptions,
  ): Promise<Prefilled> {
    using _busy = positions.length > LONG_PROMPT ? announceBusy("prefill", PREFILL_BUDGET_MS) : undefined;
    const truncateMs = systemClock.nowMs();
    await cache.truncate(Math.min(cache.commonPrefix(positions), positions.length - (wantLogits ? 1 : 0)));
    const truncatedMs = systemClock.nowMs();
    const reusedTokens = cache.length;
    const fresh = positions.slice(reusedTokens);
    const { features, spans } = await encodeWindows(fresh, windows, this.#space, { signal, inPieces });
    throwIfAborted(signal);
    // Shortening the cache belongs to the prefill, though it has to come before the encoder knows its work.
    const startMs = systemClock.nowMs() - (truncatedMs - truncateMs);
    const { embeds, sessionMs } = await embed(fresh, features, this.#space);
    const run = inPieces
      ? await this.#runPieces(cache, fresh, embeds, { wantLogits, signal })
      : await emptiedOnFailure(cache, this.#model.decoder.run(cache, fresh, embeds, wantLogits));
    const prefill: Span = {
      name: "prefill",
      startMs,
      endMs: run?.endMs ?? systemClock.nowMs(),
      sessionMs: sessionMs + (run?.sessionMs ?? 0),
    };
    return {
      logits: run?.logits ?? new Float32Array(),
      prefillTokens: fresh.length,
      reusedTokens,
      spans: [...spans, prefill],
    };
  }

  /** Adds one token: one session run, but for a word never seen before when the embedding table is large. */
  async step(cache: KvCache, id: number): Promise<Step> {
    const { embeddings, decoder } = this.#model;
    let sessionMs = 0;
    if (!embeddings.copyRow(id, this.#row, 0)) {
      sessionMs = await embeddings.fetch([id]);
      embeddings.copyRow(id, this.#row, 0);
    }
    const run = await emptiedOnFailure(cache, decoder.run(cache, [id], this.#row, true));
    return { logits: run.logits!, sessionMs: sessionMs + run.sessionMs };
  }

  /**
   * Runs a short prompt and a few steps, so that kernels and memory are there; tells what a step costs, and where the
   * cache really was after it.
   */
  async warmUp(): Promise<{ readonly stepMs: number; readonly kvOnDevice: boolean }> {
    const cache = this.newCache();
    const { bos } = this.#model.tokenizer.control;
    const positions = Array.from({ length: SMALLEST_PIECE }, () => bos);
    const { signal } = new AbortController();
    await this.prefill(
      cache,
      { positions, windows: new Map() },
      { wantLogits: true, inPieces: false, signal },
    );
    let stepMs = Number.POSITIVE_INFINITY;
    for (let step = 0; step < WARM_UP_STEPS; step++) {
      const { sessionMs } = await this.step(cache, this.#model.tokenizer.control.instructionStart);
      stepMs = Math.min(stepMs, sessionMs);
    }
    const kvOnDevice = cache.isOnDevice;
    cache.clear();
    return { stepMs, kvOnDevice };
  }

  /** The last piece alone fetches scores. Undefined when there is nothing to run. */
  async #runPieces(
    cache: KvCache,
    fresh: readonly Position[],
    embeds: Float32Array,
    { wantLogits, signal }: { readonly wantLogits: boolean; readonly signal: AbortSignal },
  ): Promise<DecoderRun | undefined> {
    const { hiddenSize } = this.#model.decoder;
    let last: DecoderRun | undefined;
    let sessionMs = 0;
    for (let at = 0, end = 0; at < fresh.length; at = end) {
      end = Math.min(
        fresh.length,
        at + this.#model.work.positionsFor(PIECE_PRODUCTS, cache.length, SMALLEST_PIECE),
      );
      const piece = embeds.subarray(at * hiddenSize, end * hiddenSize);
      await pauseForCancellation(signal);
      const wantsScores = wantLogits && end === fresh.length;
      last = await emptiedOnFailure(
        cache,
        this.#model.decoder.run(cache, fresh.slice(at, end), piece, wantsScores),
      );
      sessionMs += last.sessionMs;
    }
    return last && { ...last, sessionMs };
  }
}

async function emptiedOnFailure<T>(cache: KvCache, run: Promise<T>): Promise<T> {
  try {
    return await run;
  } catch (error) {
    cache.clear();
    throw error;
  }
}
