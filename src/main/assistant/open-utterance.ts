import { randomUUID } from "node:crypto";
import type { Clock } from "../../shared/clock.ts";
import { AppError } from "../../shared/errors.ts";
import type { Span } from "../../shared/metrics.ts";
import type { Prompt, UserContent, UtteranceSummary } from "../models/services.ts";
import type { ConversationSettings } from "./conversation.ts";
import type { ReplyVoice } from "./reply-voice.ts";
import { Speculation } from "./speculation.ts";
import type { SegmentPolicy } from "./speech-planner.ts";
import type { Turn } from "./turn.ts";
import type { AssistantEngine } from "./turn-pipeline.ts";

/** What of the microphone's sound belongs to an utterance; see the listener's `begin`. */
export interface ListenOptions {
  readonly preRollMs?: number;
  /** Everything from this sample on, instead of the pre-roll. */
  readonly fromSample?: number;
  /** The silence after the last word is left out: for a live microphone. */
  readonly trimSilence?: boolean;
}

/** Someone is speaking: the utterance is open until it is released (answered) or cancelled. */
export interface Listening {
  readonly utteranceId: string;
  /** Settles when the model is as ready for the question as it can be before hearing its end. Never rejects. */
  readonly prepared: Promise<void>;
  /** Key up. The turn exists at once; what is left of hearing happens inside it. */
  release(releasedAtMs?: number): Turn;
  cancel(): void;
}

/** What an open utterance needs of its conversation. */
export interface Hearer {
  readonly engine: AssistantEngine;
  readonly clock: Clock;
  /** The same object until they are changed. */
  readonly settings: () => ConversationSettings;
  readonly voice: () => ReplyVoice;
  /** Where the reply's segments will end. */
  readonly policy: () => SegmentPolicy;
  /** The prompt that ends with this question, once the turn before is over: only then is it known what was heard of it. */
  readonly prompt: (content: readonly UserContent[]) => Promise<Prompt>;
  /** The utterance ends; false when it has ended before. */
  readonly close: (utterance: OpenUtterance) => boolean;
  readonly release: (utterance: OpenUtterance, releasedAtMs: number) => Turn;
}

/** A question that has been heard to its end. */
export interface HeardQuestion {
  readonly summary: UtteranceSummary;
  readonly content: readonly UserContent[];
  /** The answer that was prepared for exactly this question, if one was. */
  readonly ahead: Speculation | undefined;
  /** Answers prepared for less than the question, and how often one was tried. */
  readonly dropped: readonly Span[];
  readonly attempts: number;
}

/** An utterance while it is spoken. In its pauses the answer is prepared, in case that was all (R42). */
export class OpenUtterance implements Listening {
  readonly utteranceId = randomUUID();
  readonly startMs: number;
  readonly prepared: Promise<void>;
  readonly #hearer: Hearer;
  readonly #stopWatching: () => void;
  readonly #dropped: Span[] = [];
  #attempts = 0;
  /** Length of the utterance if it ended in the present pause; undefined while voice is heard. */
  #pausedAt: number | undefined;
  #ahead: { readonly speculation: Speculation; readonly settings: ConversationSettings } | undefined;

  constructor(hearer: Hearer, { preRollMs = 0, ...options }: ListenOptions) {
    this.#hearer = hearer;
    const { engine, clock } = hearer;
    this.startMs = clock.nowMs();
    this.#stopWatching = engine.listener.on("voice", (activity) => {
      if (!("utteranceId" in activity) || activity.utteranceId !== this.utteranceId) return;
      if (activity.type === "paused") this.#paused(activity.samples);
      else if (activity.type === "resumed") this.#resumed();
    });
    const begun = engine.listener.call("begin", { utteranceId: this.utteranceId, preRollMs, ...options });
    // Failures are reported by `end`, which fails for the same reason.
    this.prepared = begun.then(() => this.#prepare()).catch(() => {});
  }

  release(releasedAtMs = this.#hearer.clock.nowMs()): Turn {
    this.#stopWatching();
    if (!this.#hearer.close(this)) throw new AppError("bad-input", "This recording has already ended.");
    return this.#hearer.release(this, releasedAtMs);
  }

  cancel(): void {
    this.#stopWatching();
    if (!this.#hearer.close(this)) return;
    this.#resumed();
    // Nothing waits for it, and a listener that is gone has discarded it already.
    this.#hearer.engine.listener
      .call("end", { utteranceId: this.utteranceId, discard: true })
      .catch(() => {});
  }

  /** Ends it at the listener, and finds out whether the prepared answer is one to this question. */
  async end(): Promise<HeardQuestion> {
    this.#pausedAt = undefined;
    const { engine, settings } = this.#hearer;
    const { utteranceId } = this;
    let ahead: Speculation | undefined;
    try {
      const summary = await engine.listener.call("end", { utteranceId });
      const made = this.#ahead;
      const isRight = made?.speculation.samples === summary.samples && made.settings === settings();
      if (isRight && made.speculation.isAlive) ahead = made.speculation;
      const content = [this.#content(summary.samples)];
      return { summary, content, ahead, dropped: this.#dropped, attempts: this.#attempts };
    } finally {
      // What was prepared for less than the question is void.
      if (!ahead) this.#resumed();
    }
  }

  /** Brings the model up to the open question while it is being spoken. */
  async #prepare(): Promise<void> {
    const { engine, prompt } = this.#hearer;
    await engine.voxtral.call("prepare", { prompt: await prompt([this.#content(0)]) });
  }

  #paused(samples: number): void {
    this.#resumed();
    this.#pausedAt = samples;
    if (this.#hearer.settings().speculate) void this.#speculate(samples);
  }

  #resumed(): void {
    this.#pausedAt = undefined;
    this.#dropped.push(...(this.#ahead?.speculation.drop() ?? []));
    this.#ahead = undefined;
  }

  async #speculate(samples: number): Promise<void> {
    const { engine, clock, prompt, voice } = this.#hearer;
    const made = await prompt([this.#content(samples)]);
    if (this.#pausedAt !== samples) return;
    const settings = this.#hearer.settings();
    const { sampling, maxNewTokens, speed } = settings;
    const policy = this.#hearer.policy();
    this.#attempts++;
    const options = { engine, clock, prompt: made, samples, sampling, maxNewTokens, policy, speed };
    this.#ahead = { speculation: new Speculation({ ...options, voice: voice() }), settings };
  }

  #content(samples: number): UserContent {
    return { type: "audio", utteranceId: this.utteranceId, samples };
  }
}
