import type { TurnTakingConfig } from "./turn-taking-events.ts";

/** What became of it just now: the answer goes on at this gain, or the voice was meant as an interruption. */
export type ContestNews = { readonly gain: number } | "meant" | null;

/** Undecided voice holds the answer for this long at most, or a little longer than an interruption takes. */
const MAX_HOLD_MS = 3_000;
/** A pause of this length gives the answer its voice back; if more follows, it holds again. */
const RESUME_PAUSE_MS = 300;
/** The answer is heard at a quarter (−12 dB) while the microphone finds out whether it hears the answer itself. */
const DUCKED_GAIN = 0.25;
/** Voice that outlasts the ducking by this much is a person: with the 96 ms before it, within the 250 ms of R46. */
const DUCK_CONFIRM_MS = 128;

type Rules = Pick<TurnTakingConfig, "bargeInMs" | "duplex" | "minSpeechMs" | "microPauseMs">;

/**
 * Voice over the answer, of which it is not known yet whether it is meant. The answer holds its breath meanwhile, or goes
 * quieter first (`duck`), and goes on where it stopped when it was a "mm-hm", or noise. Lengths count microphone audio.
 */
export class Contest {
  readonly startSample: number;
  readonly startedAtMs: number;
  readonly #rules: Rules;
  #gain: number;
  #heldAtMs: number;
  #voicedMs: number;
  /** The newest part of it, which may turn out to be a pause. */
  #doubtfulMs = 0;
  /** Audio since the last voice; null while there is voice. */
  #pausedMs: number | null = null;

  constructor(rules: Rules, startSample: number, startedAtMs: number, atMs: number) {
    this.startSample = startSample;
    this.startedAtMs = startedAtMs;
    this.#rules = rules;
    this.#heldAtMs = atMs;
    this.#gain = rules.duplex === "duck" ? DUCKED_GAIN : 0;
    this.#voicedMs = rules.minSpeechMs;
  }

  get gain(): number {
    return this.#gain;
  }

  get isPaused(): boolean {
    return this.#pausedMs !== null;
  }

  /** When it has to be decided one way or the other; null when the answer has its voice back. */
  get deadlineMs(): number | null {
    return this.#gain === 1 ? null : this.#heldAtMs + this.#maxHoldMs;
  }

  /** More sound; `isVoice` is null where that is known only from the pauses. */
  heard(ms: number, isVoice: boolean | null): ContestNews {
    if (this.#pausedMs !== null) {
      this.#pausedMs += ms;
      return this.#pausedMs >= RESUME_PAUSE_MS ? this.giveBack() : null;
    }
    if (isVoice === null) this.#doubtfulMs = Math.min(this.#doubtfulMs + ms, this.#rules.microPauseMs);
    if (isVoice !== false) this.#voicedMs += ms;
    const { bargeInMs, minSpeechMs } = this.#rules;
    // A pause is known only when it is one: until then its beginning may have counted as voice.
    const certainMs = this.#voicedMs - this.#doubtfulMs;
    if (certainMs >= bargeInMs) return "meant";
    const isConfirmed = this.#gain === DUCKED_GAIN && certainMs >= minSpeechMs + DUCK_CONFIRM_MS;
    return isConfirmed ? this.#set(0) : null;
  }

  paused(): ContestNews {
    if (this.#pausedMs !== null) return null;
    this.#pausedMs = this.#rules.microPauseMs;
    this.#voicedMs -= this.#doubtfulMs;
    this.#doubtfulMs = 0;
    return this.#voicedMs >= this.#rules.bargeInMs ? "meant" : null;
  }

  resumed(atMs: number): ContestNews {
    this.#pausedMs = null;
    if (this.#gain !== 1) return null;
    this.#heldAtMs = atMs;
    return this.#set(0);
  }

  /** The speech is over; `voicedMs` is all its voice. */
  ended(voicedMs: number): ContestNews {
    return voicedMs >= this.#rules.bargeInMs ? "meant" : this.giveBack();
  }

  /** The deadline: voice that still goes on is meant, silence and a microphone that sends nothing are not. */
  expire(isHearing: boolean): ContestNews {
    return isHearing && !this.isPaused ? "meant" : this.giveBack();
  }

  giveBack(): ContestNews {
    return this.#gain === 1 ? null : this.#set(1);
  }

  #set(gain: number): ContestNews {
    this.#gain = gain;
    return { gain };
  }

  get #maxHoldMs(): number {
    return Math.max(MAX_HOLD_MS, this.#rules.bargeInMs + 1_000);
  }
}
