import type { AssistantState } from "../../shared/app-contract.ts";
import { LISTEN_RATE_HZ } from "../../shared/audio.ts";
import type { AppError } from "../../shared/errors.ts";
import { Conversation } from "../assistant/conversation.ts";
import type { InterruptCause, Turn } from "../assistant/turn.ts";
import { VoiceCosts } from "../assistant/voice-costs.ts";
import type { Engine } from "../models/engine.ts";
import { conversationSettings } from "./conversation-settings.ts";
import { Hearing } from "./hearing.ts";
import { PlayerLink, type PlayerReport } from "./player-link.ts";
import { playerSink } from "./player-sink.ts";
import { Reciter } from "./reciter.ts";
import type { TextPlace } from "./recital.ts";
import { restoredTurns } from "./restored-turns.ts";
import { TurnKeeper, type Question, type TurnSurroundings } from "./turn-keeper.ts";
import type { AppWindow, Windows } from "./windows.ts";

export interface TalkOptions extends TurnSurroundings {
  readonly engine: () => Engine;
  readonly windows: Windows;
  /** The microphone is shut on purpose. */
  readonly isMuted: () => boolean;
  /** Words can be read while they are said; see Hearing. */
  readonly canRead: () => boolean;
  /** What is going on now; told when it changes. */
  readonly onPhase: (phase: AssistantState["phase"]) => void;
  /** For the log: failures that nobody waits for. */
  readonly report: (error: AppError) => void;
}

/** Quick enough for an interruption, slow enough not to click; a voice that comes back may take its time. */
const holdFadeMs = 10;
const resumeFadeMs = 80;

/** The one conversation that is talked in: who speaks now, the person or Parley, and what about. */
export class Talk {
  /** What the person says. */
  readonly hearing: Hearing;
  readonly #options: TalkOptions;
  readonly #keeper: TurnKeeper;
  readonly #link: PlayerLink;
  readonly #reciter: Reciter;
  /** Conversations that were left: their last turns and transcripts are being finished. */
  readonly #leaving = new Set<Promise<void>>();
  /** What speaking costs on each engine that was ever used. */
  readonly #costs = new WeakMap<Engine, VoiceCosts>();
  #conversation: Conversation | undefined;
  #turn: Turn | undefined;
  /** Settles when the last turn is over and stored. */
  #kept: Promise<void> = Promise.resolve();
  #phase: AssistantState["phase"] = "idle";

  constructor(options: TalkOptions) {
    this.#options = options;
    this.#keeper = new TurnKeeper({ ...options, isOpen: (id) => this.#conversation?.id === id });
    this.#link = new PlayerLink({
      windows: options.windows,
      clock: options.clock,
      onPlayed: (turnId, samples, report) => this.#onPlayed(turnId, samples, report),
      onOrphaned: (turnId) => this.interrupt(turnId),
    });
    this.#reciter = new Reciter({
      engine: options.engine,
      clock: options.clock,
      sink: (placeOf) => this.#sink(placeOf),
      onEnded: (id, error, isLast) => this.#onRecited(id, error, isLast),
    });
    this.hearing = new Hearing({
      ...options,
      conversation: () => this.#current(),
      interrupt: (cause, atMs) => this.#interrupt(cause, atMs),
      gain: (gain) => this.#setGain(gain),
      onListening: (isListening) => this.#onListening(isListening),
      onAsked: (turn, question) => this.#follow(turn, question),
    });
  }

  get state(): AssistantState {
    const turnId = this.#answering;
    return {
      phase: this.#phase,
      conversationId: this.#conversation?.id ?? null,
      turnId,
      utteranceId: this.hearing.utteranceId,
      isMuted: this.#options.isMuted(),
      isHeld: turnId !== null && this.#link.gainOf(turnId) < 1,
    };
  }

  /** Makes a stored conversation the one that is talked in; what runs in another is interrupted. */
  open(id: string): void {
    if (this.#conversation?.id !== id) this.#enter(id);
  }

  /** Leaves the conversation, if it is this one (it was deleted) or whichever it is. */
  leave(id?: string): void {
    const conversation = this.#conversation;
    if (!conversation || (id !== undefined && conversation.id !== id)) return;
    this.interrupt();
    this.hearing.drop();
    this.#conversation = undefined;
    const left = this.#finish(conversation).finally(() => this.#leaving.delete(left));
    this.#leaving.add(left);
    this.#setPhase("idle");
  }

  /** Settings changed: they hold from the next turn on. */
  configure(): void {
    this.#conversation?.configure(conversationSettings(this.#options.settings()));
    this.hearing.ears.configure();
  }

  /** Shows every window what has changed besides the phase. */
  announce(): void {
    this.#options.windows.emit("state", this.state);
  }

  /** Key down; see Hearing. */
  listen(pressedAtMs: number): { readonly utteranceId: string; readonly conversationId: string } {
    const utteranceId = this.hearing.begin(pressedAtMs);
    return { utteranceId, conversationId: this.#current().id };
  }

  ask(text: string): string {
    this.#reciter.interrupt();
    return this.#follow(this.#current().ask(text), { userText: text.trim(), userAudioMs: null });
  }

  /** Asks a recorded question (16 kHz mono) as if it were spoken now. */
  askRecorded(samples: Float32Array): string {
    this.#reciter.interrupt();
    const userAudioMs = (samples.length / LISTEN_RATE_HZ) * 1000;
    return this.#follow(this.#current().askRecorded(samples), { userText: null, userAudioMs });
  }

  /** Answers a question of the history again. Throws `bad-input` when it is not in this conversation. */
  regenerate(turnId: string): string {
    this.#reciter.interrupt();
    const { turn } = this.#options.history().turn(turnId);
    this.open(turn.conversationId);
    const { userText, userAudioMs } = turn;
    return this.#follow(this.#current().regenerate(turnId), { userText, userAudioMs, replaces: turnId });
  }

  /** Speaks a text as it is; the id is that of no turn. */
  recite(text: string, voice: string, speed: number): string {
    this.interrupt();
    this.#options.transcriber.pause();
    const id = this.#reciter.recite(this.#conversation?.id ?? "recital", text, voice, speed);
    this.#setPhase("speaking");
    return id;
  }

  /** Silences and ends what runs, if its id is this one or whichever it is. */
  interrupt(turnId?: string): void {
    if (turnId === undefined || turnId === this.#answering) {
      this.#interrupt("button", this.#options.clock.nowMs());
    }
  }

  played(window: AppWindow, report: PlayerReport): void {
    if (!this.#link.report(window, report)) this.#options.latency.played(report);
  }

  windowGreeted(window: AppWindow): void {
    this.#keeper.tellMissed(window);
    this.#link.greeted(window);
  }

  windowClosed(window: AppWindow): void {
    this.#link.closed(window);
    // Nobody is left to say when the key goes up.
    const { utteranceId } = this.hearing;
    if (utteranceId !== null && !this.#options.windows.hasMain) this.hearing.cancel(utteranceId);
  }

  /** Interrupts what runs and waits until all of it is stored. Transcripts that wait are given up. */
  async dispose(): Promise<void> {
    this.leave();
    this.#options.transcriber[Symbol.dispose]();
    await Promise.all([this.#kept, this.#reciter.whenDone(), ...this.#leaving]);
    this.hearing[Symbol.dispose]();
    this.#link[Symbol.dispose]();
  }

  /** The turn or recital that is being answered or spoken. */
  get #answering(): string | null {
    return (this.#turn && !this.#turn.isOver ? this.#turn.id : this.#reciter.currentId) ?? null;
  }

  /** Holds the answer's breath, lets it go on, or makes it quieter. */
  #setGain(gain: number): void {
    const turnId = this.#answering;
    if (turnId === null) return;
    // A held answer is not a stuck one.
    if (turnId === this.#turn?.id) this.#turn.progress();
    this.#link.gain(turnId, gain, gain === 0 ? holdFadeMs : resumeFadeMs);
    this.announce();
  }

  #onListening(isListening: boolean): void {
    if (isListening) this.#options.transcriber.pause();
    else this.#options.transcriber.resume();
    this.#setPhase(isListening ? "listening" : "idle");
  }

  /** Silences and ends what runs; the person meant it at `atMs`. */
  #interrupt(cause: InterruptCause, atMs: number): void {
    this.#reciter.interrupt();
    if (!this.#turn || this.#turn.isOver) return;
    this.#options.latency.interrupted(this.#turn.id, atMs);
    this.#turn.interrupt(cause);
  }

  #current(): Conversation {
    if (this.#conversation) return this.#conversation;
    const record = this.#options.history().create();
    const conversation = this.#enter(record.summary.id);
    this.#options.windows.emit("conversation.opened", record);
    return conversation;
  }

  #enter(id: string): Conversation {
    this.leave();
    const { engine, clock, history, settings, surroundings } = this.#options;
    const running = engine();
    const costs = this.#costs.get(running) ?? new VoiceCosts();
    this.#costs.set(running, costs);
    const conversation: Conversation = new Conversation({
      id,
      engine: running,
      clock,
      costs,
      staysBrief: true,
      settings: conversationSettings(settings()),
      history: restoredTurns(history().replies(id), surroundings().model),
      sink: this.#sink((chunkId) => {
        const spoken = conversation.turn?.spoken.find(({ chunk }) => chunk.chunkId === chunkId);
        return spoken && { start: spoken.segment.sourceStart, end: spoken.segment.sourceEnd };
      }),
    });
    this.#conversation = conversation;
    this.#setPhase("idle");
    return conversation;
  }

  #sink(placeOf: (chunkId: string) => TextPlace | undefined): ReturnType<typeof playerSink> {
    const { latency, clock } = this.#options;
    return playerSink({
      link: this.#link,
      latency,
      clock,
      placeOf: (turnId, chunkId) => {
        if (turnId === this.#turn?.id || turnId === this.#reciter.currentId) this.#setPhase("speaking");
        return placeOf(chunkId);
      },
    });
  }

  #follow(turn: Turn, question: Question): string {
    const conversation = this.#current();
    this.#turn = turn;
    // Asked in writing instead of what was being said.
    this.hearing.drop();
    this.#setPhase("thinking");
    this.#kept = this.#afterTurn(turn, this.#keeper.follow(conversation, turn, question));
    return turn.id;
  }

  async #afterTurn(turn: Turn, kept: Promise<void>): Promise<void> {
    await kept;
    this.#link.close(turn.id);
    if (this.#turn === turn) this.#becomeIdle();
  }

  #onRecited(id: string, error: AppError | null, isLast: boolean): void {
    this.#link.close(id);
    if (error) this.#options.onFailure(error);
    if (isLast) this.#becomeIdle();
  }

  #becomeIdle(): void {
    // A question may be open by now: the end of the interrupted answer does not end it.
    if (this.hearing.utteranceId !== null || this.#answering !== null) return;
    this.#setPhase("idle");
    this.#options.transcriber.resume();
  }

  async #finish(conversation: Conversation): Promise<void> {
    await this.#kept;
    await this.#options.transcriber.whenDone(conversation.id);
    await conversation.dispose();
  }

  #onPlayed(turnId: string, samples: number, report: PlayerReport): void {
    this.#options.latency.played({ ...report, playedSamples: samples });
    if (this.#reciter.currentId === turnId) this.#reciter.acknowledge(samples, report.underruns);
    else this.#conversation?.acknowledge(turnId, samples, report.underruns);
  }

  #setPhase(phase: AssistantState["phase"]): void {
    const before = this.#phase;
    this.#phase = phase;
    // The same phase with another turn or utterance is news too, except while speech flows.
    if (before !== phase || phase !== "speaking") this.announce();
    if (before !== phase) this.#options.onPhase(phase);
    this.hearing.ears.phase(phase);
  }
}
