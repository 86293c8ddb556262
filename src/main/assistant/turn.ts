import { randomUUID } from "node:crypto";
import type { AudioChunk } from "../../shared/audio.ts";
import type { Clock } from "../../shared/clock.ts";
import type { QueueStats, TurnEvent, TurnMetrics } from "../../shared/contract.ts";
import { AppError, isCancelled } from "../../shared/errors.ts";
import { heardCharacters, type SpokenChunk } from "./heard.ts";
import { LatencyTrace } from "./latency-trace.ts";

export type InterruptCause = "key" | "voice" | "button" | "new-turn" | "shutdown" | "watchdog";

/** How a turn ended. `reply` and `tokenIds` reach as far as the person heard. */
export interface TurnOutcome {
  readonly outcome: "completed" | "interrupted" | "failed";
  readonly reply: string;
  readonly tokenIds: readonly number[];
  readonly error?: AppError;
  readonly metrics: TurnMetrics;
  readonly queue: QueueStats;
}

/** Longer than the slowest honest end of an interrupted turn; a turn stuck beyond it would mute all that follow. */
const INTERRUPT_WATCHDOG_MS = 5_000;
/** Without a token, a chunk or a played sample for this long a turn is given up: ten minutes of audio take a slow
 *  processor minutes to hear, and the model process announces up to five for it. */
const STALL_WATCHDOG_MS = 330_000;
/** The model counts ids in well under a millisecond, unless it is gone. */
const CUT_LIMIT_MS = 1_000;

/** What a turn needs of its conversation to end. */
export interface TurnEnding {
  readonly stats: () => QueueStats;
  /** Silences the player; tells how much was heard. */
  readonly silence: () => { readonly playedSamples: number };
  /** The ids whose text makes at most the first `characters` of the reply. */
  readonly cut: (tokenIds: readonly number[], characters: number) => Promise<readonly number[]>;
}

/**
 * One question and its answer: one id, one abort signal, one trace, and one `finished` that settles exactly once and
 * never rejects. Its conversation runs it; whoever holds it may listen and interrupt.
 */
export class Turn {
  readonly id = randomUUID();
  readonly conversationId: string;
  readonly input: "voice" | "text";
  readonly trace: LatencyTrace;
  readonly finished: Promise<TurnOutcome>;
  /** Everything spoken so far, in order. */
  readonly spoken: SpokenChunk[] = [];
  tokenIds: readonly number[] = [];
  reply = "";
  readonly #abort = new AbortController();
  readonly #ending: TurnEnding;
  readonly #clock: Clock;
  readonly #settled = Promise.withResolvers<TurnOutcome>();
  readonly #events: TurnEvent[] = [];
  readonly #listeners = new Set<(event: TurnEvent) => void>();
  readonly #generated: number[] = [];
  #isSettled = false;
  #watchdog: Disposable | undefined;
  #progressAtMs: number;

  constructor(options: {
    readonly conversationId: string;
    readonly input: "voice" | "text";
    readonly releasedAtMs: number;
    readonly clock: Clock;
    readonly ending: TurnEnding;
  }) {
    this.conversationId = options.conversationId;
    this.input = options.input;
    this.trace = new LatencyTrace(options.releasedAtMs);
    this.finished = this.#settled.promise;
    this.#ending = options.ending;
    this.#clock = options.clock;
    this.#progressAtMs = options.clock.nowMs();
    this.#watch();
    this.#emit({ type: "turn-started", turnId: this.id });
  }

  /** Aborts when the turn is interrupted. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get isOver(): boolean {
    return this.#isSettled;
  }

  /** Calls `listener` with everything that has happened and will happen; returns the function that ends it. */
  onEvent(listener: (event: TurnEvent) => void): () => void {
    for (const event of this.#events) listener(event);
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Stops it: the player falls silent now, the models stop after their current step. Harmless when it is over. */
  interrupt(cause: InterruptCause): void {
    if (this.#isSettled || this.signal.aborted) return;
    this.#ending.silence();
    this.#watchdog?.[Symbol.dispose]();
    this.#watchdog = this.#clock.after(INTERRUPT_WATCHDOG_MS, () => {
      this.#cutReply();
      this.#end("interrupted");
    });
    this.#abort.abort(new AppError("cancelled", `The turn was interrupted (${cause}).`));
  }

  /** Something happened that the turn waited for; every event counts by itself. */
  progress(): void {
    this.#progressAtMs = this.#clock.nowMs();
  }

  // --- what the pipeline reports ---------------------------------------------------------------------------

  token(id: number, text: string, atMs: number): void {
    this.#generated.push(id);
    this.tokenIds = this.#generated;
    this.reply += text;
    const sincePreviousMs = this.trace.token(text, atMs);
    const tMs = this.trace.since(atMs);
    this.#emit({
      type: "token",
      turnId: this.id,
      index: this.#generated.length - 1,
      id,
      text,
      tMs,
      sincePreviousMs,
    });
  }

  /** Text the detokeniser held back to the end. */
  rest(text: string, atMs: number): void {
    this.reply += text;
    this.trace.replied(atMs);
  }

  segment(index: number, text: string, atMs: number): void {
    this.trace.segment(atMs);
    this.#emit({ type: "segment", turnId: this.id, index, text, tMs: this.trace.since(atMs) });
  }

  audio(chunk: AudioChunk, atMs: number): void {
    this.trace.audio(atMs, chunk.pcm.length / chunk.sampleRateHz);
    this.#emit({
      type: "audio",
      turnId: this.id,
      chunkId: chunk.chunkId,
      index: chunk.index,
      voice: chunk.voice,
      textSource: chunk.textSource,
      sampleRate: chunk.sampleRateHz,
      samples: chunk.pcm.length,
      startSample: chunk.startSample,
      tMs: this.trace.since(atMs),
    });
  }

  /**
   * Brings `reply` and `tokenIds` down to what was heard, and silences the player. For a turn that was interrupted; one
   * that broke keeps what was written, since it was read.
   */
  async cutToHeard(): Promise<void> {
    if (this.#isSettled) return;
    const { tokenIds } = this;
    const characters = this.#cutReply();
    if (characters === 0) return;
    const { promise: tooLate, resolve } = Promise.withResolvers<readonly number[]>();
    using _limit = this.#clock.after(CUT_LIMIT_MS, () => resolve([]));
    // A model process that is gone has lost its cache as well: then the text alone has to do.
    const cut = this.#ending.cut(tokenIds, characters).catch(() => []);
    this.tokenIds = await Promise.race([cut, tooLate]);
  }

  /** The part of it that needs nobody; returns how many characters were heard. */
  #cutReply(): number {
    const { playedSamples } = this.#ending.silence();
    const characters = heardCharacters(this.spoken, playedSamples);
    this.reply = this.reply.slice(0, characters).trimEnd();
    this.tokenIds = [];
    return characters;
  }

  /** Ends it, once: everything was played, or `error` ended it early (`cancelled` means interrupted). */
  settle(error?: unknown): void {
    if (error === undefined) this.#end("completed");
    else if (this.isInterruption(error)) this.#end("interrupted");
    else {
      this.#ending.silence();
      this.#end("failed", AppError.from(error));
    }
  }

  isInterruption(error: unknown): boolean {
    return this.signal.aborted || isCancelled(error);
  }

  #end(outcome: TurnOutcome["outcome"], error?: AppError): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#watchdog?.[Symbol.dispose]();
    // Whatever of the pipeline still runs has nothing to run for.
    this.#abort.abort(new AppError("cancelled", "The turn is over."));
    const metrics = this.trace.metrics();
    const queue = this.#ending.stats();
    this.#emit({
      type: "turn-finished",
      turnId: this.id,
      outcome,
      reply: this.reply,
      ...(error ? { error: { code: error.code, message: error.message } } : {}),
      metrics,
      queue,
    });
    this.#settled.resolve({
      outcome,
      reply: this.reply,
      tokenIds: this.tokenIds,
      ...(error ? { error } : {}),
      metrics,
      queue,
    });
  }

  #watch(): void {
    const leftMs = this.#progressAtMs + STALL_WATCHDOG_MS - this.#clock.nowMs();
    this.#watchdog = this.#clock.after(leftMs, () => {
      if (this.#progressAtMs + STALL_WATCHDOG_MS > this.#clock.nowMs()) this.#watch();
      else this.settle(new AppError("timeout", "The answer got stuck and was ended. Ask again."));
    });
  }

  #emit(event: TurnEvent): void {
    this.progress();
    this.#events.push(event);
    for (const listener of this.#listeners) listener(event);
  }
}
