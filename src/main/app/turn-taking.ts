import type { Phase } from "../../shared/app-contract.ts";
import { LISTEN_RATE_HZ } from "../../shared/audio.ts";
import type { VoiceActivity } from "../models/services.ts";
import { Contest, type ContestNews } from "./contest.ts";
import type { TurnTakingAction, TurnTakingConfig, TurnTakingInput } from "./turn-taking-events.ts";

/** A microphone that sends nothing for this long while someone is thought to speak is gone. */
const DEAF_MS = 4_000;
/** No question is longer; the same bound as a key that is held. */
const MAX_QUESTION_MS = 120_000;
/** Speech with less voice is no question: the shortest words last longer. */
const MIN_QUESTION_MS = 160;
/** With half duplex, voice that outlasts the answer by this much is no echo of it. */
const OUTLAST_MS = 600;

/** The newest sample is known to within the 32 ms of one report. */
const BLOCK_SAMPLES = 512;

interface Asking {
  readonly name: "asking";
  readonly sinceMs: number;
  readonly minVoicedMs: number;
  /** Phases before that are those of a conversation that is made for it. */
  isOpen: boolean;
  /** Null while there is voice. */
  voicedUntilMs: number | null;
}

/** Voice that is not ours to take, until it ends: the key's, or with half duplex perhaps the answer's own. */
interface Ignoring {
  readonly name: "ignoring";
  readonly isEcho: boolean;
  isPaused: boolean;
  /** What of it came after the answer was over. */
  outlasting: { readonly fromSample: number; ms: number } | null;
}

type State =
  | { readonly name: "quiet" }
  | Asking
  | { readonly name: "contesting"; readonly contest: Contest }
  /** It was too short to be meant, unless its words say so. */
  | { readonly name: "murmured"; readonly contest: Contest }
  /** The answer was stopped with a word; anything more is a question that began with it. */
  | { readonly name: "stopped"; readonly startSample: number; readonly startedAtMs: number }
  | Ignoring;

/**
 * Whose turn it is to speak, with hands free (R13): voice opens a question and its pause ends it, and voice over the
 * answer makes it hold its breath until it is clear whether it was meant. Pure: what is heard goes in, actions come out.
 * How long something lasted is counted in microphone audio, so that audio that comes late or in a rush decides nothing;
 * the clock only keeps it from waiting for ever.
 */
export class TurnTaking {
  #config: TurnTakingConfig;
  #state: State = { name: "quiet" };
  #phase: Phase = "idle";
  #lastHeardMs = 0;
  /** Where the last question was complete: voice from before belongs to it, even when it is reported after. */
  #listenedUntil = 0;
  /** The newest 16 kHz sample heard, as closely as the events tell. */
  #newestSample = 0;

  constructor(config: TurnTakingConfig) {
    this.#config = config;
  }

  /** When to send a `tick`, if nothing else comes first; null for never. */
  get deadlineMs(): number | null {
    const state = this.#state;
    if (state.name === "asking") {
      return Math.min(state.sinceMs + MAX_QUESTION_MS, this.#lastHeardMs + DEAF_MS);
    }
    return state.name === "contesting" ? state.contest.deadlineMs : null;
  }

  /** With the hands-free mode left, what was begun in it is given up. */
  configure(config: TurnTakingConfig): TurnTakingAction[] {
    const isLeft = this.#config.isHandsFree && !config.isHandsFree;
    this.#config = config;
    return isLeft ? this.#giveUp() : [];
  }

  handle(input: TurnTakingInput, atMs: number): TurnTakingAction[] {
    switch (input.type) {
      case "voice":
        this.#lastHeardMs = atMs;
        return this.#voice(input.activity, atMs);
      case "heard":
        this.#lastHeardMs = atMs;
        this.#newestSample += samplesOf(input.ms);
        return this.#heard(input.ms, input.isVoice, atMs);
      case "phase":
        return this.#follow(input.phase, atMs);
      case "key":
        return this.#yield();
      case "words":
        return this.#words(input.meaning, atMs);
      case "deaf":
        // A listener that was restarted counts from the beginning.
        this.#newestSample = this.#listenedUntil = 0;
        return this.#giveUp();
      default:
        return atMs >= (this.deadlineMs ?? Infinity) ? this.#expire(atMs) : [];
    }
  }

  #voice(activity: VoiceActivity, atMs: number): TurnTakingAction[] {
    switch (activity.type) {
      case "started":
        this.#reach(activity.startSample + samplesOf(this.#config.minSpeechMs));
        // Speech that begins anew without an end: the listener was restarted in between.
        return [...this.#giveUp(), ...this.#started(activity.startSample, activity.startedAtMs, atMs)];
      case "paused":
        this.#reach(activity.endSample + samplesOf(this.#config.microPauseMs));
        return this.#paused(activity.endedAtMs, activity.endPauseMs, atMs);
      case "resumed":
        return this.#resumed(atMs);
      default:
        return this.#ended(activity, atMs);
    }
  }

  #started(startSample: number, startedAtMs: number, atMs: number): TurnTakingAction[] {
    const { isHandsFree, canBargeIn, duplex } = this.#config;
    const isAnswering = this.#phase === "thinking" || this.#phase === "speaking";
    const isEcho = this.#phase === "speaking" && duplex === "half";
    const isListenedTo = this.#phase === "listening" || startSample + BLOCK_SAMPLES < this.#listenedUntil;
    if (!isHandsFree || isListenedTo || (isAnswering && !canBargeIn) || isEcho) {
      this.#ignore(isHandsFree && isEcho);
      return [];
    }
    if (!isAnswering) return this.#ask(startSample, startedAtMs, atMs);
    const contest = new Contest(this.#config, startSample, startedAtMs, atMs);
    this.#state = { name: "contesting", contest };
    return [{ type: "gain", gain: contest.gain }];
  }

  #paused(endedAtMs: number, endPauseMs: number, atMs: number): TurnTakingAction[] {
    const state = this.#state;
    if (state.name === "ignoring") {
      state.isPaused = true;
      state.outlasting = null;
    }
    const begun =
      state.name === "contesting" ? this.#decide(state.contest, state.contest.paused(), atMs) : [];
    if (this.#state.name === "contesting") {
      return [...begun, { type: "read", fromSample: this.#withPreRoll(this.#state.contest.startSample) }];
    }
    if (this.#state.name !== "asking") return begun;
    this.#state.voicedUntilMs = endedAtMs;
    return [...begun, { type: "endpoint", endpoint: { pausedAtMs: endedAtMs, endPauseMs } }];
  }

  #resumed(atMs: number): TurnTakingAction[] {
    const state = this.#state;
    if (state.name === "asking") {
      const off = endpointOff(state);
      state.voicedUntilMs = null;
      return off;
    }
    if (state.name === "ignoring") {
      state.isPaused = false;
      this.#outlast(state);
    }
    if (state.name === "stopped") return this.#ask(state.startSample, state.startedAtMs, atMs);
    return state.name === "contesting" ? this.#decide(state.contest, state.contest.resumed(atMs), atMs) : [];
  }

  #ended(activity: Extract<VoiceActivity, { type: "ended" }>, atMs: number): TurnTakingAction[] {
    const { voicedMs, endedAtMs, pauseMs } = activity;
    const state = this.#state;
    const begun =
      state.name === "contesting" ? this.#decide(state.contest, state.contest.ended(voicedMs), atMs) : [];
    const asked = this.#state;
    this.#state =
      asked.name === "contesting" ? { name: "murmured", contest: asked.contest } : { name: "quiet" };
    if (asked.name !== "asking") return begun;
    if (voicedMs < asked.minVoicedMs) return [...begun, ...endpointOff(asked), { type: "cancel" }];
    const releasedAtMs = Math.min(atMs, endedAtMs + pauseMs);
    return [...begun, ...endpointOff(asked), { type: "release", releasedAtMs, voicedUntilMs: endedAtMs }];
  }

  #heard(ms: number, isVoice: boolean | null, atMs: number): TurnTakingAction[] {
    const state = this.#state;
    if (state.name === "contesting")
      return this.#decide(state.contest, state.contest.heard(ms, isVoice), atMs);
    if (state.name !== "ignoring" || !state.outlasting) return [];
    state.outlasting.ms += ms;
    if (state.outlasting.ms < OUTLAST_MS || this.#phase !== "idle") return [];
    return this.#ask(state.outlasting.fromSample, atMs - state.outlasting.ms, atMs);
  }

  #words(meaning: "stop" | "backchannel", atMs: number): TurnTakingAction[] {
    const state = this.#state;
    // Words that were read of a pause which is over are not all that was said.
    if (state.name !== "murmured" && !(state.name === "contesting" && state.contest.isPaused)) return [];
    const { contest } = state;
    if (meaning === "backchannel") return this.#decide(contest, contest.giveBack(), atMs);
    const { startSample, startedAtMs } = contest;
    this.#state =
      state.name === "murmured" ? { name: "quiet" } : { name: "stopped", startSample, startedAtMs };
    return [{ type: "interrupt", startedAtMs }];
  }

  #follow(phase: Phase, atMs: number): TurnTakingAction[] {
    if (this.#phase === "listening" && phase !== "listening") this.#listenedUntil = this.#newestSample;
    this.#phase = phase;
    const state = this.#state;
    if (state.name === "asking") {
      state.isOpen ||= phase === "listening";
      if (!state.isOpen || phase === "listening") return [];
      // Cancelled, or asked in writing instead: what is still being said belongs to nothing.
      this.#ignore();
      return endpointOff(state);
    }
    if (state.name === "contesting" && phase === "idle") {
      // The answer ended by itself: now it is a question, unless it is no more than a "mm-hm".
      const { startSample, startedAtMs } = state.contest;
      return this.#ask(startSample, startedAtMs, atMs, this.#config.bargeInMs);
    }
    // Another answer is not what the words were said to.
    if (state.name === "murmured" && phase !== "speaking") this.#state = { name: "quiet" };
    if (state.name === "ignoring") this.#outlast(state);
    return [];
  }

  /** From here on, it is no echo of an answer that is over. */
  #outlast(state: Ignoring): void {
    if (!state.isEcho || state.isPaused || this.#phase !== "idle") return;
    state.outlasting ??= { fromSample: this.#newestSample, ms: 0 };
  }

  /** The key decides from here on. */
  #yield(): TurnTakingAction[] {
    const state = this.#state;
    if (state.name !== "quiet") this.#ignore();
    return endpointOff(state);
  }

  #expire(atMs: number): TurnTakingAction[] {
    const state = this.#state;
    const isHearing = atMs < this.#lastHeardMs + DEAF_MS / 4;
    if (state.name === "contesting")
      return this.#decide(state.contest, state.contest.expire(isHearing), atMs);
    if (state.name !== "asking") return [];
    // What was said is answered, rather than lost.
    this.#ignore();
    const release = { type: "release", releasedAtMs: atMs, voicedUntilMs: state.voicedUntilMs } as const;
    return [...endpointOff(state), release];
  }

  /** Ends what was begun, as if nothing had been said. */
  #giveUp(): TurnTakingAction[] {
    const state = this.#state;
    this.#state = { name: "quiet" };
    if (state.name === "asking") return [...endpointOff(state), { type: "cancel" }];
    const news = state.name === "contesting" ? state.contest.giveBack() : null;
    return news && news !== "meant" ? [{ type: "gain", gain: news.gain }] : [];
  }

  #reach(sample: number): void {
    this.#newestSample = Math.max(this.#newestSample, sample);
  }

  #ignore(isEcho = false): void {
    this.#state = { name: "ignoring", isEcho, isPaused: false, outlasting: null };
  }

  #decide({ startSample, startedAtMs }: Contest, news: ContestNews, atMs: number): TurnTakingAction[] {
    if (news === null) return [];
    if (news !== "meant") return [{ type: "gain", gain: news.gain }];
    return [{ type: "interrupt", startedAtMs }, ...this.#ask(startSample, startedAtMs, atMs)];
  }

  #ask(
    startSample: number,
    startedAtMs: number,
    atMs: number,
    minVoicedMs = MIN_QUESTION_MS,
  ): TurnTakingAction[] {
    this.#state = { name: "asking", sinceMs: atMs, minVoicedMs, isOpen: false, voicedUntilMs: null };
    return [{ type: "open", fromSample: this.#withPreRoll(startSample), startedAtMs }];
  }

  #withPreRoll(startSample: number): number {
    return Math.max(0, startSample - samplesOf(this.#config.preRollMs));
  }
}

/** Takes a countdown back, if one is shown: it is while a pause runs. */
function endpointOff(state: State): TurnTakingAction[] {
  if (state.name !== "asking" || state.voicedUntilMs === null) return [];
  return [{ type: "endpoint", endpoint: null }];
}

function samplesOf(ms: number): number {
  return Math.round((ms / 1000) * LISTEN_RATE_HZ);
}
