import type { AssistantState } from "../../shared/app-contract.ts";
import { LISTEN_RATE_HZ } from "../../shared/audio.ts";
import { AppError } from "../../shared/errors.ts";
import { Conversation, type Listening } from "../assistant/conversation.ts";
import type { Turn } from "../assistant/turn.ts";
import type { Engine } from "../models/engine.ts";
import { conversationSettings } from "./conversation-settings.ts";
import { passed, plausibleKeyTime } from "./key-time.ts";
import { PlayerLink, type PlayerReport } from "./player-link.ts";
import { playerSink } from "./player-sink.ts";
import { Recital, type TextPlace } from "./recital.ts";
import { restoredTurns } from "./restored-turns.ts";
import { TurnKeeper, type Question, type TurnSurroundings } from "./turn-keeper.ts";
import type { AppWindow, Windows } from "./windows.ts";

export interface TalkOptions extends TurnSurroundings {
  readonly engine: () => Engine;
  readonly windows: Windows;
}

interface OpenUtterance {
  readonly listening: Listening;
  /** Microphone audio in it by the time the key goes up, counted from here. */
  readonly fromMs: number;
}

/** Recorded questions go to the listener in pieces of this length. */
const pieceSamples = LISTEN_RATE_HZ;

/** The one conversation that is talked in: who speaks now, the person or Parley, and what about. */
export class Talk {
  readonly #options: TalkOptions;
  readonly #keeper: TurnKeeper;
  readonly #link: PlayerLink;
  /** Conversations that were left: their last turns and transcripts are being finished. */
  readonly #leaving = new Set<Promise<void>>();
  #conversation: Conversation | undefined;
  #turn: Turn | undefined;
  /** Settles when the last turn is over and stored. */
  #kept: Promise<void> = Promise.resolve();
  #recital: Recital | undefined;
  #utterance: OpenUtterance | undefined;
  #phase: AssistantState["phase"] = "idle";
  #isMuted = false;

  constructor(options: TalkOptions) {
    this.#options = options;
    this.#keeper = new TurnKeeper({ ...options, isOpen: (id) => this.#conversation?.id === id });
    this.#link = new PlayerLink({
      windows: options.windows,
      clock: options.clock,
      onPlayed: (turnId, samples, report) => this.#onPlayed(turnId, samples, report),
      onOrphaned: (turnId) => this.interrupt(turnId),
    });
  }

  get state(): AssistantState {
    const speaking = this.#turn && !this.#turn.isOver ? this.#turn.id : this.#recital?.id;
    return {
      phase: this.#phase,
      conversationId: this.#conversation?.id ?? null,
      turnId: speaking ?? null,
      utteranceId: this.#utterance?.listening.utteranceId ?? null,
      isMuted: this.#isMuted,
      isHeld: false,
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
    this.#utterance = undefined;
    this.#conversation = undefined;
    const left = this.#finish(conversation).finally(() => this.#leaving.delete(left));
    this.#leaving.add(left);
    this.#setPhase("idle");
  }

  /** Settings changed: they hold from the next turn on. */
  configure(): void {
    this.#conversation?.configure(conversationSettings(this.#options.settings()));
  }

  /** Key down: whatever speaks falls silent, and everything heard from now on is the question. */
  listen(pressedAtMs: number): { readonly utteranceId: string; readonly conversationId: string } {
    // Sound sent to a listener that is not there is lost, and the person would talk in vain.
    if (this.#options.engine().states.listener.status !== "ready") {
      throw new AppError("engine-gone", "Parley is still waking up. Try again in a moment.");
    }
    this.#recital?.interrupt();
    const { preRollMs } = this.#options.settings().audio;
    const conversation = this.#current();
    this.#options.transcriber.pause();
    const listening = conversation.listen({ preRollMs });
    this.#utterance = { listening, fromMs: plausibleKeyTime(pressedAtMs, this.#options.clock) - preRollMs };
    this.#setPhase("listening");
    return { utteranceId: listening.utteranceId, conversationId: conversation.id };
  }

  /** Key up: answers. `tailMs` of sound after it still belong to the question. Throws `bad-input` for an old id. */
  async release(utteranceId: string, releasedAtMs: number): Promise<string> {
    const utterance = this.#take(utteranceId);
    const keyUpMs = plausibleKeyTime(releasedAtMs, this.#options.clock);
    await passed(this.#options.settings().audio.tailMs, this.#options.clock);
    const turn = utterance.listening.release(keyUpMs);
    return this.#follow(turn, { userText: null, userAudioMs: Math.max(0, keyUpMs - utterance.fromMs) });
  }

  cancel(utteranceId: string): void {
    this.#take(utteranceId).listening.cancel();
    this.#setPhase("idle");
    this.#options.transcriber.resume();
  }

  /** Shuts the microphone of every window, or opens it again. */
  mute(muted: boolean): void {
    this.#isMuted = muted;
    this.#options.windows.emit("state", this.state);
  }

  ask(text: string): string {
    this.#recital?.interrupt();
    return this.#follow(this.#current().ask(text), { userText: text.trim(), userAudioMs: null });
  }

  /** Asks a recorded question (16 kHz mono) as if it were spoken now. */
  askRecorded(samples: Float32Array): string {
    this.#recital?.interrupt();
    const conversation = this.#current();
    // All in one go: nothing of the microphone can come between.
    const listening = conversation.listen({ preRollMs: 0 });
    for (let at = 0; at < samples.length; at += pieceSamples) {
      const piece = samples.slice(at, at + pieceSamples);
      this.#options.engine().listener.notify("push", { samples: piece, sampleRateHz: LISTEN_RATE_HZ });
    }
    this.#utterance = undefined;
    const userAudioMs = (samples.length / LISTEN_RATE_HZ) * 1000;
    return this.#follow(listening.release(), { userText: null, userAudioMs });
  }

  /** Answers a question of the history again. Throws `bad-input` when it is not in this conversation. */
  regenerate(turnId: string): string {
    this.#recital?.interrupt();
    const { turn } = this.#options.history().turn(turnId);
    this.open(turn.conversationId);
    const { userText, userAudioMs } = turn;
    return this.#follow(this.#current().regenerate(turnId), { userText, userAudioMs, replaces: turnId });
  }

  /** Speaks a text as it is; the id is that of no turn. */
  recite(text: string, voice: string, speed: number): string {
    this.interrupt();
    const { engine, clock } = this.#options;
    const recital: Recital = new Recital({
      engine: engine(),
      clock,
      sink: this.#sink((chunkId) => recital.placeOf(chunkId)),
      conversationId: this.#conversation?.id ?? "recital",
      text,
      voice,
      speed,
    });
    this.#recital = recital;
    this.#options.transcriber.pause();
    this.#setPhase("speaking");
    void this.#afterRecital(recital);
    return recital.id;
  }

  /** Silences and ends what runs, if its id is this one or whichever it is. */
  interrupt(turnId?: string): void {
    if (this.#recital && (turnId === undefined || turnId === this.#recital.id)) this.#recital.interrupt();
    if (this.#turn && (turnId === undefined || turnId === this.#turn.id)) this.#turn.interrupt("button");
  }

  played(window: AppWindow, report: PlayerReport): void {
    this.#link.report(window, report);
  }

  windowGreeted(window: AppWindow): void {
    this.#keeper.tellMissed(window);
    this.#link.greeted(window);
  }

  windowClosed(window: AppWindow): void {
    this.#link.closed(window);
    // Nobody is left to say when the key goes up.
    if (this.#utterance && !this.#options.windows.hasMain) {
      this.cancel(this.#utterance.listening.utteranceId);
    }
  }

  /** Interrupts what runs and waits until all of it is stored. Transcripts that wait are given up. */
  async dispose(): Promise<void> {
    this.leave();
    this.#options.transcriber[Symbol.dispose]();
    await Promise.all([this.#kept, this.#recital?.finished, ...this.#leaving]);
    this.#link[Symbol.dispose]();
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
    const conversation: Conversation = new Conversation({
      id,
      engine: engine(),
      clock,
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
        if (turnId === this.#turn?.id || turnId === this.#recital?.id) this.#setPhase("speaking");
        return placeOf(chunkId);
      },
    });
  }

  #follow(turn: Turn, question: Question): string {
    const conversation = this.#current();
    this.#turn = turn;
    this.#utterance = undefined;
    this.#setPhase("thinking");
    this.#kept = this.#afterTurn(turn, this.#keeper.follow(conversation, turn, question));
    return turn.id;
  }

  async #afterTurn(turn: Turn, kept: Promise<void>): Promise<void> {
    await kept;
    this.#link.close(turn.id);
    if (this.#turn === turn) this.#becomeIdle();
  }

  async #afterRecital(recital: Recital): Promise<void> {
    const error = await recital.finished;
    this.#link.close(recital.id);
    if (error) this.#options.onFailure(error);
    if (this.#recital !== recital) return;
    this.#recital = undefined;
    this.#becomeIdle();
  }

  #becomeIdle(): void {
    // A question may be open by now: the end of the interrupted answer does not end it.
    if (this.#utterance || this.#recital || (this.#turn && !this.#turn.isOver)) return;
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
    if (this.#recital?.id === turnId) this.#recital.acknowledge(samples, report.underruns);
    else this.#conversation?.acknowledge(turnId, samples, report.underruns);
  }

  #take(utteranceId: string): OpenUtterance {
    const utterance = this.#utterance;
    if (utterance?.listening.utteranceId !== utteranceId) {
      throw new AppError("bad-input", "This recording has already ended.");
    }
    this.#utterance = undefined;
    return utterance;
  }

  #setPhase(phase: AssistantState["phase"]): void {
    const before = this.#phase;
    this.#phase = phase;
    // The same phase with another turn or utterance is news too, except while speech flows.
    if (before !== phase || phase !== "speaking") this.#options.windows.emit("state", this.state);
  }
}
