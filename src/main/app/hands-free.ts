import type { Phase } from "../../shared/app-contract.ts";
import type { Clock } from "../../shared/clock.ts";
import { AppError } from "../../shared/errors.ts";
import type { VoiceActivity } from "../models/services.ts";
import type { Interjection } from "./interjections.ts";
import { TurnTaking } from "./turn-taking.ts";
import type { TurnTakingAction, TurnTakingConfig, TurnTakingInput } from "./turn-taking-events.ts";

/** What taking turns does to the conversation. When any of it throws, what voice had begun is given up. */
export interface Floor {
  open(fromSample: number, startedAtMs: number): void;
  release(releasedAtMs: number, voicedUntilMs: number | null): void;
  cancel(): void;
  /** Loudness of the running answer from now on; 0 holds it where it is. */
  gain(gain: number): void;
  /** Reads the words since this sample, and passes on what they mean with `words`. */
  read(fromSample: number): void;
  interrupt(startedAtMs: number): void;
  /** A pause runs that will end the question, or (null) does not any more. */
  endpoint(endpoint: { readonly pausedAtMs: number; readonly endPauseMs: number } | null): void;
}

export interface HandsFreeOptions {
  readonly floor: Floor;
  readonly clock: Clock;
  readonly config: () => TurnTakingConfig;
  /** For the log: why voice could not take its turn. */
  readonly report: (error: AppError) => void;
}

/** Lets voice take turns: the state machine of turn-taking with a clock, and hands that do what it says. */
export class HandsFree implements Disposable {
  readonly #options: HandsFreeOptions;
  readonly #turns: TurnTaking;
  #timer: Disposable | undefined;
  #hasProbability = false;
  /** The newest voice that is over; while there is voice, that is now. Null until the first. */
  #voicedUntilMs: number | "now" | null = null;

  constructor(options: HandsFreeOptions) {
    this.#options = options;
    this.#turns = new TurnTaking(options.config());
  }

  voice(activity: VoiceActivity): void {
    this.#voicedUntilMs = "endedAtMs" in activity ? activity.endedAtMs : "now";
    this.#handle({ type: "voice", activity });
  }

  /** This much of the microphone was heard, and how likely it is voice; 0 where only loudness is known. */
  heard(ms: number, speech: number): void {
    this.#hasProbability ||= speech > 0;
    const { voiceProbability } = this.#options.config();
    this.#handle({ type: "heard", ms, isVoice: this.#hasProbability ? speech >= voiceProbability : null });
  }

  phase(phase: Phase): void {
    this.#handle({ type: "phase", phase });
  }

  /** The key takes over whatever voice has begun. */
  key(): void {
    this.#handle({ type: "key" });
  }

  /** What the words said over the answer mean. */
  words(meaning: Interjection): void {
    this.#handle({ type: "words", meaning });
  }

  /** Nothing is heard from now on, until it is. */
  deaf(): void {
    this.#voicedUntilMs = null;
    this.#handle({ type: "deaf" });
  }

  /** The settings changed. */
  configure(): void {
    this.#perform(this.#turns.configure(this.#options.config()));
  }

  /** When the last voice between two moments was heard; null when there was none, or no one to hear it. */
  voicedUntil(sinceMs: number, untilMs: number): number | null {
    const atMs = this.#voicedUntilMs === "now" ? untilMs : this.#voicedUntilMs;
    return atMs === null || atMs < sinceMs ? null : Math.min(atMs, untilMs);
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
  }

  #handle(input: TurnTakingInput): void {
    this.#perform(this.#turns.handle(input, this.#options.clock.nowMs()));
  }

  #perform(actions: readonly TurnTakingAction[]): void {
    try {
      for (const action of actions) this.#act(action);
    } catch (error) {
      // Nobody waits for an answer: a listener that is gone shows in the engine's state.
      this.#options.report(AppError.from(error));
      this.#perform(this.#turns.handle({ type: "deaf" }, this.#options.clock.nowMs()));
    }
    this.#watch();
  }

  #act(action: TurnTakingAction): void {
    const { floor } = this.#options;
    switch (action.type) {
      case "open":
        return floor.open(action.fromSample, action.startedAtMs);
      case "release":
        return floor.release(action.releasedAtMs, action.voicedUntilMs);
      case "cancel":
        return floor.cancel();
      case "gain":
        return floor.gain(action.gain);
      case "read":
        return floor.read(action.fromSample);
      case "interrupt":
        return floor.interrupt(action.startedAtMs);
      default:
        return floor.endpoint(action.endpoint);
    }
  }

  #watch(): void {
    const { clock } = this.#options;
    this.#timer?.[Symbol.dispose]();
    const { deadlineMs } = this.#turns;
    if (deadlineMs === null) return;
    this.#timer = clock.after(deadlineMs - clock.nowMs(), () => this.#handle({ type: "tick" }));
  }
}
