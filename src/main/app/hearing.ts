import type { Clock } from "../../shared/clock.ts";
import { AppError } from "../../shared/errors.ts";
import type { Settings } from "../../shared/settings.ts";
import { languageOfVoice } from "../../shared/voices.ts";
import type { Conversation, Listening, ListenOptions } from "../assistant/conversation.ts";
import type { InterruptCause, Turn } from "../assistant/turn.ts";
import type { Engine } from "../models/engine.ts";
import type { VoiceActivity } from "../models/services.ts";
import { completeness } from "./completeness.ts";
import { HandsFree, type Floor } from "./hands-free.ts";
import { interjectionIn } from "./interjections.ts";
import { passed, plausibleKeyTime } from "./key-time.ts";
import { turnTakingConfig } from "./turn-taking-settings.ts";
import type { Question } from "./turn-keeper.ts";
import { WordReader } from "./word-reader.ts";
import type { Windows } from "./windows.ts";

export interface HearingOptions {
  readonly engine: () => Engine;
  readonly windows: Pick<Windows, "emit">;
  readonly clock: Clock;
  readonly settings: () => Settings;
  /** The microphone is shut on purpose. */
  readonly isMuted: () => boolean;
  /** The model can write down a few words well enough to act on them; the demo pack cannot. */
  readonly canRead: () => boolean;
  /** The conversation that is talked in. */
  readonly conversation: () => Conversation;
  /** Silences and ends whatever speaks; the person meant it at `atMs`. */
  readonly interrupt: (cause: InterruptCause, atMs: number) => void;
  /** Loudness of the running answer from now on; 0 holds it. */
  readonly gain: (gain: number) => void;
  /** A question has begun, or (false) was given up. */
  readonly onListening: (isListening: boolean) => void;
  /** A question was asked: follows its turn, and returns its id. */
  readonly onAsked: (turn: Turn, question: Question) => string;
  /** For the log: failures that nobody waits for. */
  readonly report: (error: AppError) => void;
}

/** After the 120 ms that a pause is known: what a speaker draws breath in is over, and the prepared answer has its start. */
const READ_AFTER_MS = 100;

interface OpenUtterance {
  readonly listening: Listening;
  /** When its first sound was heard, the pre-roll included. */
  readonly fromMs: number;
  readonly begunBy: "key" | "voice";
}

/** What the person says: one utterance at a time, which a key or their voice begins and ends. */
export class Hearing implements Disposable {
  readonly #options: HearingOptions;
  readonly #handsFree: HandsFree;
  readonly #reader: WordReader;
  #hint: Disposable | undefined;
  #utterance: OpenUtterance | undefined;

  constructor(options: HearingOptions) {
    this.#options = options;
    const { clock, settings, report } = options;
    this.#reader = new WordReader(options.engine);
    const config = () => turnTakingConfig(settings());
    this.#handsFree = new HandsFree({ floor: this.#floor(), clock, config, report });
  }

  /** The utterance that is open now. */
  get utteranceId(): string | null {
    return this.#utterance?.listening.utteranceId ?? null;
  }

  /** What the microphone's sound says about voice. */
  voice(activity: VoiceActivity): void {
    this.#handsFree.voice(activity);
    if (activity.type === "paused") this.#readLater(activity);
    else if (activity.type !== "ended" || activity.utteranceId !== null) this.#stopReading();
  }

  /** How much of the microphone was heard, what the assistant does, and how the settings want turns to be taken. */
  get ears(): Pick<HandsFree, "heard" | "deaf" | "phase" | "configure"> {
    return this.#handsFree;
  }

  /**
   * Key down: whatever speaks falls silent, and everything heard from now on is the question. One that voice has begun
   * goes on, and ends with the key. Returns the utterance's id; throws `engine-gone` without a listener, `bad-input`
   * while muted.
   */
  begin(pressedAtMs: number): string {
    if (this.#options.isMuted()) {
      throw new AppError("bad-input", "The microphone is muted. Unmute it to talk.");
    }
    this.#requireListener();
    const atMs = plausibleKeyTime(pressedAtMs, this.#options.clock);
    this.#handsFree.key();
    if (this.#utterance?.begunBy === "voice") this.#utterance = { ...this.#utterance, begunBy: "key" };
    else {
      this.#options.interrupt("key", atMs);
      const { preRollMs } = this.#options.settings().audio;
      this.#open({ preRollMs }, atMs - preRollMs, "key");
    }
    return this.#utterance!.listening.utteranceId;
  }

  /** Key up: asks. `tailMs` of sound after it still belong to the question. Throws `bad-input` for an old id. */
  async end(utteranceId: string, releasedAtMs: number): Promise<string> {
    const { clock, settings } = this.#options;
    const utterance = this.#take(utteranceId);
    const keyUpMs = plausibleKeyTime(releasedAtMs, clock);
    await passed(settings().audio.tailMs, clock);
    return this.#ask(utterance, keyUpMs, this.#handsFree.voicedUntil(utterance.fromMs, keyUpMs));
  }

  /** Throws `bad-input` for an old id. */
  cancel(utteranceId: string): void {
    this.#take(utteranceId).listening.cancel();
    this.#options.onListening(false);
  }

  /** Forgets what is being said, because something else was asked or the conversation was left. */
  drop(): void {
    this.#utterance?.listening.cancel();
    this.#utterance = undefined;
  }

  /** The microphone was shut or opened on purpose: what is being said at that moment is not meant to be heard. */
  muted(): void {
    this.#handsFree.deaf();
    if (this.utteranceId !== null) this.cancel(this.utteranceId);
  }

  [Symbol.dispose](): void {
    this.#stopReading();
    this.#handsFree[Symbol.dispose]();
  }

  /** What voice may do. */
  #floor(): Floor {
    const { settings, windows, interrupt, gain } = this.#options;
    return {
      open: (fromSample, startedAtMs) => {
        this.#requireListener();
        this.#open({ fromSample }, startedAtMs - settings().audio.preRollMs, "voice");
      },
      release: (releasedAtMs, voicedUntilMs) => {
        if (this.utteranceId !== null) this.#ask(this.#take(this.utteranceId), releasedAtMs, voicedUntilMs);
      },
      cancel: () => {
        if (this.utteranceId !== null) this.cancel(this.utteranceId);
      },
      gain,
      read: (fromSample) => void this.#overhear(fromSample),
      interrupt: (startedAtMs) => interrupt("voice", startedAtMs),
      endpoint: (endpoint) => windows.emit("endpoint", endpoint),
    };
  }

  /** Tells the listener in a pause how finished the words sound: the end comes sooner, or waits for the rest. */
  #readLater({ utteranceId, samples }: Extract<VoiceActivity, { type: "paused" }>): void {
    const { clock, settings, canRead } = this.#options;
    if (utteranceId === null || utteranceId !== this.utteranceId || this.#utterance?.begunBy !== "voice")
      return;
    if (!settings().turnTaking.adaptive || !canRead()) return;
    this.#hint = clock.after(READ_AFTER_MS, () => void this.#read(utteranceId, samples));
  }

  async #read(utteranceId: string, samples: number): Promise<void> {
    const text = await this.#reader.read(utteranceId, samples);
    if (text === null) return;
    const { engine, settings } = this.#options;
    const hint = completeness(text, languageOfVoice(settings().voice.id) ?? null);
    engine().listener.notify("hint", { utteranceId, completeness: hint });
  }

  async #overhear(fromSample: number): Promise<void> {
    if (!this.#options.canRead()) return;
    const text = await this.#reader.overhear(fromSample);
    const meaning = text === null ? null : interjectionIn(text, null);
    if (meaning !== null) this.#handsFree.words(meaning);
  }

  #stopReading(): void {
    this.#hint?.[Symbol.dispose]();
    this.#reader.abandon();
  }

  #open(options: ListenOptions, fromMs: number, begunBy: OpenUtterance["begunBy"]): void {
    const listening = this.#options.conversation().listen({ ...options, trimSilence: true });
    this.#utterance = { listening, fromMs, begunBy };
    this.#options.onListening(true);
  }

  #ask({ listening, fromMs }: OpenUtterance, releasedAtMs: number, voicedUntilMs: number | null): string {
    const userAudioMs = Math.max(0, releasedAtMs - fromMs);
    const turn = listening.release(releasedAtMs);
    return this.#options.onAsked(turn, { userText: null, userAudioMs, voicedUntilMs });
  }

  #take(utteranceId: string): OpenUtterance {
    const utterance = this.#utterance;
    if (utterance?.listening.utteranceId !== utteranceId) {
      throw new AppError("bad-input", "This recording has already ended.");
    }
    this.#utterance = undefined;
    return utterance;
  }

  /** Sound sent to a listener that is not there is lost, and the person would talk in vain. */
  #requireListener(): void {
    if (this.#options.engine().states.listener.status === "ready") return;
    throw new AppError("engine-gone", "Parley is still waking up. Try again in a moment.");
  }
}
