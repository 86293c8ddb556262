import { randomUUID } from "node:crypto";
import { systemClock, type Clock } from "../../shared/clock.ts";
import { AppError } from "../../shared/errors.ts";
import { languageOfVoice, type SharedLanguage } from "../../shared/voices.ts";
import { greedy, type Sampling, type UserContent } from "../models/services.ts";
import { AudioQueue, type PlayerSink } from "./audio-queue.ts";
import { OpenUtterance, type Listening, type ListenOptions } from "./open-utterance.ts";
import { PromptHistory, type RememberedTurn } from "./prompt-history.ts";
import type { ReplyVoice } from "./reply-voice.ts";
import type { Ahead, Speculation } from "./speculation.ts";
import { DeadlinePlanner } from "./deadline-planner.ts";
import { defaultPolicy, type SegmentPolicy } from "./speech-planner.ts";
import { Turn, type InterruptCause } from "./turn.ts";
import { runPipeline, type AssistantEngine } from "./turn-pipeline.ts";
import { VoiceCosts } from "./voice-costs.ts";

export type { Listening, ListenOptions } from "./open-utterance.ts";

export interface ConversationSettings {
  readonly voice: string;
  /** 0.5 to 2. */
  readonly speed: number;
  /** Goes as text into the first user turn; empty for none. */
  readonly instructions: string;
  readonly sampling: Sampling;
  readonly maxNewTokens: number;
  readonly policy: SegmentPolicy;
  /** Answers are prepared during pauses of the question (R42). */
  readonly speculate: boolean;
  /** A reply in another language than the voice's is spoken by a voice of that language (R25). */
  readonly followLanguage: boolean;
  /** What is spoken, as an ISO 639-1 code, for transcripts; null lets the model find out. */
  readonly language: string | null;
}

export const defaultConversationSettings: ConversationSettings = {
  voice: "af_heart",
  speed: 1,
  instructions: "",
  sampling: greedy,
  maxNewTokens: 512,
  policy: defaultPolicy,
  speculate: true,
  followLanguage: true,
  language: null,
};

export interface ConversationOptions {
  readonly id?: string;
  readonly engine: AssistantEngine;
  readonly sink: PlayerSink;
  readonly settings?: Partial<ConversationSettings>;
  /** Earlier turns, from a stored history. */
  readonly history?: readonly RememberedTurn[];
  readonly clock?: Clock;
  /** What speech costs on this engine; without, the conversation begins to learn it anew. */
  readonly costs?: VoiceCosts;
  /** The words of what is said are told afterwards (`keepTranscript`), so the model may forget the sound of old turns. */
  readonly staysBrief?: boolean;
}

/** What is asked, and the answer that was prepared for it, if one was. */
interface Question {
  readonly content: readonly UserContent[];
  readonly ahead?: Speculation | undefined;
}

/**
 * A conversation: what was said, and at most one turn that is being answered. A new question interrupts the answer that
 * is still being spoken; history keeps of it what was heard.
 */
export class Conversation {
  readonly id: string;
  readonly #engine: AssistantEngine;
  readonly #queue: AudioQueue;
  readonly #clock: Clock;
  readonly #costs: VoiceCosts;
  readonly #history: PromptHistory;
  readonly #utterances = new Map<string, { readonly utteranceId: string; readonly samples: number }>();
  #settings: ConversationSettings;
  #turn: Turn | undefined;
  #isDisposed = false;
  #listening: OpenUtterance | undefined;
  /** What was spoken last: a reply's first words are often too few to tell. */
  #expected: SharedLanguage | undefined;

  constructor(options: ConversationOptions) {
    this.id = options.id ?? randomUUID();
    this.#engine = options.engine;
    this.#clock = options.clock ?? systemClock;
    this.#costs = options.costs ?? new VoiceCosts();
    this.#history = new PromptHistory(options.staysBrief);
    this.#settings = { ...defaultConversationSettings, ...options.settings };
    for (const turn of options.history ?? []) this.#history.add(turn);
    this.#queue = new AudioQueue({
      sink: options.sink,
      clock: this.#clock,
      onSent: (chunk, queuedAtMs, sendStartMs, sendEndMs) => {
        const turn = this.#turn;
        if (turn?.id !== chunk.turnId) return;
        turn.trace.add({ name: "queue", startMs: queuedAtMs, endMs: sendEndMs, index: chunk.index });
        turn.audio(chunk, sendStartMs);
      },
    });
    this.#warm();
  }

  get settings(): ConversationSettings {
    return this.#settings;
  }

  /** The turn being answered, or the last one. */
  get turn(): Turn | undefined {
    return this.#turn;
  }

  get history(): readonly RememberedTurn[] {
    return this.#history.turns;
  }

  /** Takes effect with the next turn. */
  configure(settings: Partial<ConversationSettings>): void {
    this.#settings = { ...this.#settings, ...settings };
    this.#warm();
  }

  /** Opens an utterance: everything the listener hears from now on, and what it has just heard (see `ListenOptions`). */
  listen(options: ListenOptions = {}): Listening {
    this.interrupt("new-turn");
    this.#listening?.cancel();
    const utterance = new OpenUtterance(
      {
        engine: this.#engine,
        clock: this.#clock,
        settings: () => this.#settings,
        voice: () => this.#voice,
        policy: () => this.#policy,
        prompt: async (content) => {
          await this.#turn?.finished;
          return this.#history.prompt(this.#settings.instructions, content);
        },
        close: (closing) => {
          const isOpen = this.#listening === closing;
          if (isOpen) this.#listening = undefined;
          return isOpen;
        },
        release: (released, releasedAtMs) => {
          const turn = this.#start("voice", releasedAtMs, (started) => this.#hear(started, released));
          turn.trace.add({ name: "capture", startMs: released.startMs, endMs: releasedAtMs });
          return turn;
        },
      },
      options,
    );
    this.#listening = utterance;
    return utterance;
  }

  /** Asks a recorded question (16 kHz mono) as if it were spoken now, past the microphone and what it hears. */
  askRecorded(samples: Float32Array): Turn {
    const utteranceId = randomUUID();
    return this.#start("voice", this.#clock.nowMs(), async (turn) => {
      const summary = await this.#engine.listener.call("replay", { utteranceId, samples });
      this.#utterances.set(turn.id, { utteranceId, samples: summary.samples });
      turn.trace.add(summary.melSpan);
      return { content: [{ type: "audio", utteranceId, samples: summary.samples }] };
    });
  }

  /** Asks in writing. Throws `bad-input` for nothing but spaces. */
  ask(text: string): Turn {
    if (text.trim() === "") throw new AppError("bad-input", "Type a question first.");
    return this.#start("text", this.#clock.nowMs(), () =>
      Promise.resolve({ content: [{ type: "text", text: text.trim() }] }),
    );
  }

  /** Answers a question of the history again; it and everything after it are forgotten. Throws `bad-input`. */
  regenerate(turnId: string): Turn {
    const [turn] = this.#history.removeFrom(turnId);
    if (!turn) throw new AppError("bad-input", "That question is not in this conversation any more.");
    const input = turn.content.some((part) => part.type === "audio") ? "voice" : "text";
    return this.#start(input, this.#clock.nowMs(), () => Promise.resolve({ content: turn.content }));
  }

  /** Silences and ends the running turn, if any. */
  interrupt(cause: InterruptCause): void {
    if (this.#turn && !this.#turn.isOver) this.#turn.interrupt(cause);
  }

  /** The player's report; see AudioQueue. */
  acknowledge(turnId: string, playedSamples: number, underruns = 0): void {
    if (this.#turn?.id === turnId) this.#turn.progress();
    this.#queue.acknowledge(turnId, playedSamples, underruns);
  }

  /** The user's own words of a spoken turn, from the embeddings the model still has. Empty for a written one. */
  async transcribe(
    turnId: string,
    options: { signal?: AbortSignal; language?: string } = {},
  ): Promise<string> {
    const utterance = this.#utterances.get(turnId);
    if (!utterance) return "";
    const { utteranceId, samples } = utterance;
    const { signal, language = this.#settings.language } = options;
    let text = "";
    const parts = this.#engine.voxtral.stream(
      "generate",
      {
        turnId,
        prompt: { kind: "transcribe", utteranceId, samples, ...(language ? { language } : {}) },
        sampling: greedy,
        maxNewTokens: 440,
      },
      { signal },
    );
    for await (const part of parts) if (part.type !== "prefilled") text += part.text;
    const transcript = text.trim();
    this.#history.keepTranscript(utteranceId, transcript);
    return transcript;
  }

  /**
   * The 16 kHz recording of a spoken turn: the copy that survives a restart of the models. Undefined for a written turn,
   * and for one whose listener died with it.
   */
  async recording(turnId: string): Promise<Float32Array | undefined> {
    const utteranceId = this.#utterances.get(turnId)?.utteranceId;
    if (utteranceId === undefined) return undefined;
    const kept = this.#history.audio(utteranceId);
    if (kept) return kept;
    try {
      const samples = await this.#engine.listener.call("audio", { utteranceId });
      this.#history.keepAudio(utteranceId, samples);
      return samples;
    } catch {
      // The turn lives on as its words.
      return undefined;
    }
  }

  /** Ends what runs and waits until it has ended. The engine stays. */
  async dispose(): Promise<void> {
    this.#isDisposed = true;
    this.#listening?.cancel();
    this.interrupt("shutdown");
    await this.#turn?.finished;
    const utteranceIds = [...this.#utterances.values()].map((utterance) => utterance.utteranceId);
    this.#engine.voxtral.notify("forget", { utteranceIds });
    for (const utteranceId of utteranceIds) this.#engine.listener.notify("forget", { utteranceId });
  }

  /** As the next turn will cut its first segment: speech that is prepared ahead must be what the turn then asks for. */
  get #policy(): SegmentPolicy {
    const { policy, voice, speed } = this.#settings;
    if (policy !== defaultPolicy) return policy;
    const { estimate } = this.#costs.of(voice, speed);
    return new DeadlinePlanner(
      () => estimate,
      () => this.#clock.nowMs(),
    ).policy;
  }

  get #voice(): ReplyVoice {
    const { voice, followLanguage } = this.#settings;
    const expected = this.#expected ?? languageOfVoice(voice) ?? "en";
    return { chosen: voice, followsLanguage: followLanguage, expected };
  }

  /**
   * Brings the model up to the next question in idle time, so that whoever speaks finds everything there. An optimisation:
   * failures are left to the turn.
   */
  #warm(): void {
    if (this.#isDisposed || this.#listening || (this.#turn && !this.#turn.isOver)) return;
    const open: UserContent = { type: "audio", utteranceId: "next", samples: 0 };
    const prompt = this.#history.prompt(this.#settings.instructions, [open]);
    this.#engine.voxtral.call("prepare", { prompt }).catch(() => {});
  }

  #start(input: "voice" | "text", releasedAtMs: number, question: (turn: Turn) => Promise<Question>): Turn {
    const previous = this.#turn;
    this.interrupt("new-turn");
    const turn: Turn = new Turn({
      conversationId: this.id,
      input,
      releasedAtMs,
      clock: this.#clock,
      ending: {
        stats: () => this.#queue.stats(turn.id),
        silence: () => this.#queue.interrupt(turn.id),
        cut: (tokenIds, characters) => this.#engine.voxtral.call("cut", { tokenIds, characters }),
      },
    });
    this.#turn = turn;
    void this.#run(turn, previous, () => question(turn));
    return turn;
  }

  async #run(turn: Turn, previous: Turn | undefined, question: () => Promise<Question>): Promise<void> {
    const { speed, instructions, sampling, maxNewTokens, policy } = this.#settings;
    const voice = this.#voice;
    let content: readonly UserContent[] = [];
    let ahead: Ahead | undefined;
    try {
      // The history must hold what was heard of the turn before; its interruption takes one model step at most.
      const [heard] = await Promise.all([question(), previous?.finished]);
      ({ content } = heard);
      ahead = heard.ahead?.adopt(turn.signal);
      this.#queue.startTurn(turn.id);
      turn.signal.throwIfAborted();
      await runPipeline(turn, {
        engine: this.#engine,
        queue: this.#queue,
        clock: this.#clock,
        voice,
        speed,
        sampling,
        maxNewTokens,
        policy,
        costs: policy === defaultPolicy ? this.#costs.of(voice.chosen, speed) : undefined,
        ahead,
        prompt: () => this.#history.prompt(instructions, content),
        recover: (utteranceIds) => this.#recover(utteranceIds, content),
      });
      this.#remember(turn, content);
      turn.settle();
    } catch (error) {
      if (turn.isInterruption(error)) await turn.cutToHeard();
      this.#remember(turn, content);
      turn.settle(error);
    }
    void this.recording(turn.id);
    this.#warm();
    void this.#learnLanguage(turn.reply);
  }

  /** The whole reply tells its language surely; the next one is probably in the same. */
  async #learnLanguage(text: string): Promise<void> {
    const { chosen, followsLanguage, expected } = this.#voice;
    if (!followsLanguage || languageOfVoice(chosen) === undefined || text === "") return;
    try {
      this.#expected = await this.#engine.kokoro.call("language", { text, expected });
    } catch {
      // The speech process has ended: nothing was learnt.
    }
  }

  /** Ends the utterance and says what it is to the model. */
  async #hear(turn: Turn, utterance: OpenUtterance): Promise<Question> {
    const { summary, content, ahead, dropped, attempts } = await utterance.end();
    this.#utterances.set(turn.id, { utteranceId: utterance.utteranceId, samples: summary.samples });
    turn.trace.add(summary.melSpan, ...dropped);
    turn.trace.speculated(attempts, ahead !== undefined);
    return { content, ahead };
  }

  /** A question nobody got an answer to is not part of the conversation: asked again, it is asked for the first time. */
  #remember({ id: turnId, tokenIds, reply: text, isOver }: Turn, content: readonly UserContent[]): void {
    // One that the watchdog ended comes too late: the conversation has gone on without it.
    if (isOver || content.length === 0 || text === "") return;
    this.#history.add({ turnId, content, reply: tokenIds.length > 0 ? { tokenIds } : { text } });
  }

  async #recover(utteranceIds: readonly string[], content: readonly UserContent[]): Promise<void> {
    const lost = new Set<string>();
    for (const utteranceId of utteranceIds) {
      const isCurrent = content.some((part) => part.type === "audio" && part.utteranceId === utteranceId);
      let samples = this.#history.audio(utteranceId);
      if (!samples && isCurrent) samples = await this.#engine.listener.call("audio", { utteranceId });
      if (samples) await this.#engine.listener.call("replay", { utteranceId, samples });
      else lost.add(utteranceId);
    }
    this.#history.replaceAudio(lost);
  }
}
