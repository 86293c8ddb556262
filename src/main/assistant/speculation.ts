import type { Clock } from "../../shared/clock.ts";
import { AppError } from "../../shared/errors.ts";
import type { Span } from "../../shared/metrics.ts";
import type { GenerationPart, KokoroService, Prompt, Sampling, SpeechPart } from "../models/services.ts";
import { Channel } from "./channel.ts";
import { replyVoice, type ReplyVoice } from "./reply-voice.ts";
import { SpeechPlanner, type Segment, type SegmentPolicy } from "./speech-planner.ts";
import type { AssistantEngine } from "./turn-pipeline.ts";

export interface SpeculationOptions {
  readonly engine: AssistantEngine;
  readonly clock: Clock;
  readonly prompt: Prompt;
  /** How long the question is, if it ends here: what makes the answer right or void. */
  readonly samples: number;
  readonly sampling: Sampling;
  readonly maxNewTokens: number;
  readonly policy: SegmentPolicy;
  readonly voice: ReplyVoice;
  readonly speed: number;
}

export type SpeechParams = KokoroService["streams"]["synthesize"]["params"];

/** What a turn takes over from a speculation: its answer goes on as if it had just begun. */
export interface Ahead {
  /** Everything the model has said, and then whatever it goes on to say. */
  parts(): AsyncIterable<GenerationPart>;
  /** The speech of its first segment, if that is what is asked for. */
  speech(params: SpeechParams): AsyncIterable<SpeechPart> | undefined;
}

/** As far as a reply is prepared: the first segment is spoken, the second waits for its turn. */
const MAX_SEGMENTS = 2;
/** A reply that makes no segment by then is waited for with its person. */
const MAX_TOKENS = 32;

/**
 * The answer to what was said so far, prepared in silence during a pause (R42): encoder, prefill, the first tokens and the
 * speech of the first segment. Nothing of it leaves before somebody adopts it. Never rejects: what goes wrong is only an
 * answer that was not prepared.
 */
export class Speculation {
  readonly samples: number;
  readonly #options: SpeculationOptions;
  readonly #abort = new AbortController();
  readonly #parts = new Channel<GenerationPart>();
  readonly #startedAtMs: number;
  readonly #done: Span[] = [];
  readonly #bound = Promise.withResolvers<void>();
  #speech: PreparedSpeech | undefined;
  #isPrefilled = false;
  #failure: unknown;
  #adoptedAtMs: number | undefined;

  constructor(options: SpeculationOptions) {
    this.samples = options.samples;
    this.#options = options;
    this.#startedAtMs = options.clock.nowMs();
    void this.#generate();
  }

  /** False once it has failed or was dropped: there is nothing to take over. */
  get isAlive(): boolean {
    return this.#failure === undefined && !this.#abort.signal.aborted;
  }

  /** Takes it over, once. Everything in it is the turn's from now on and ends with `signal`. */
  adopt(signal: AbortSignal): Ahead {
    this.#adoptedAtMs = this.#options.clock.nowMs();
    const stop = (): void => this.#abort.abort(signal.reason);
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
    this.#bound.resolve();
    return { parts: () => this.#taken(), speech: (params) => this.#speech?.take(params, this.#adoptedAtMs!) };
  }

  /** Ends it; tells what was done in vain. */
  drop(): readonly Span[] {
    const isDropped = this.#abort.signal.aborted;
    this.#abort.abort(new AppError("cancelled", "The question went on."));
    this.#bound.resolve();
    if (isDropped) return [];
    const done = [...this.#done, ...(this.#speech?.spans ?? [])];
    // Work that was under way has no span of its own.
    if (!this.#isPrefilled) {
      done.push({ name: "encode", startMs: this.#startedAtMs, endMs: this.#options.clock.nowMs() });
    }
    return done.map(dropped);
  }

  async #generate(): Promise<void> {
    const { engine, prompt, sampling, maxNewTokens, policy } = this.#options;
    const planner = new SpeechPlanner(policy);
    const params = { turnId: "speculation", prompt, sampling, maxNewTokens, speculative: true };
    let tokens = 0;
    let segments = 0;
    const deliver = (ready: readonly Segment[]): void => {
      for (const segment of ready) {
        if (segments++ === 0) void this.#speak(segment);
      }
    };
    try {
      for await (const part of engine.voxtral.stream("generate", params, { signal: this.#abort.signal })) {
        if (part.type === "prefilled") {
          this.#isPrefilled = true;
          this.#done.push(...part.spans);
        } else {
          if (part.type === "token") this.#done.push(part.span);
          deliver(planner.push(part.text));
          if (part.type === "finished") deliver(planner.finish());
        }
        this.#parts.push(part);
        tokens++;
        // The stream's credit then holds the model back, and whoever asks for it meanwhile gets it.
        if (segments >= MAX_SEGMENTS || tokens > MAX_TOKENS) await this.#bound.promise;
      }
    } catch (error) {
      this.#failure = error;
    }
    this.#parts.close();
  }

  async #speak(segment: Segment): Promise<void> {
    const { engine, voice, speed } = this.#options;
    try {
      const params = {
        text: segment.text,
        voice: await replyVoice(engine.kokoro, segment.text, voice),
        speed,
        isLast: segment.isLast,
      };
      if (this.#abort.signal.aborted) return;
      this.#speech = new PreparedSpeech(engine, params, this.#abort.signal);
    } catch {
      // The turn asks for its speech itself, and reports what is wrong with it.
    }
  }

  /** What was made ahead is told as made now: nobody could have had it before. */
  async *#taken(): AsyncGenerator<GenerationPart> {
    const adoptedAtMs = this.#adoptedAtMs!;
    for await (const part of this.#parts) {
      if (part.type === "token") {
        yield { ...part, atMs: Math.max(part.atMs, adoptedAtMs), span: used(part.span, adoptedAtMs) };
      } else if (part.type === "prefilled") {
        yield { ...part, spans: part.spans.map((span) => used(span, adoptedAtMs)) };
      } else yield part;
    }
    if (this.#failure !== undefined) throw this.#failure;
  }
}

/** Speech that is made before it is asked for. */
class PreparedSpeech {
  readonly spans: Span[] = [];
  readonly #params: SpeechParams;
  readonly #parts = new Channel<SpeechPart>();
  #failure: unknown;

  constructor(engine: AssistantEngine, params: SpeechParams, signal: AbortSignal) {
    this.#params = params;
    void this.#make(engine, signal);
  }

  take(params: SpeechParams, adoptedAtMs: number): AsyncIterable<SpeechPart> | undefined {
    const { text, voice, speed, isLast } = this.#params;
    const isSame =
      params.text === text && params.voice === voice && params.speed === speed && params.isLast === isLast;
    return isSame ? this.#taken(adoptedAtMs) : undefined;
  }

  async #make(engine: AssistantEngine, signal: AbortSignal): Promise<void> {
    try {
      for await (const part of engine.kokoro.stream("synthesize", this.#params, { signal })) {
        this.spans.push(...part.spans);
        this.#parts.push(part);
      }
    } catch (error) {
      this.#failure = error;
    }
    this.#parts.close();
  }

  async *#taken(adoptedAtMs: number): AsyncGenerator<SpeechPart> {
    for await (const part of this.#parts) {
      yield { ...part, spans: part.spans.map((span) => used(span, adoptedAtMs)) };
    }
    if (this.#failure !== undefined) throw this.#failure;
  }
}

function dropped(span: Span): Span {
  return { ...span, speculative: "dropped" };
}

function used(span: Span, adoptedAtMs: number): Span {
  return span.startMs < adoptedAtMs ? { ...span, speculative: "used" } : span;
}
