import type { Phase } from "../../shared/app-contract.ts";
import type { VoiceActivity } from "../models/services.ts";

/**
 * How the answer and the microphone share the room. `full`: voice stops the answer at once. `duck`: the answer goes quieter
 * first, so that its own echo falls silent with it. `half`: while it speaks, only the key is listened to.
 */
export type Duplex = "full" | "duck" | "half";

/** How turns are taken; from the settings. */
export interface TurnTakingConfig {
  readonly isHandsFree: boolean;
  /** Speaking over the answer may stop it. */
  readonly canBargeIn: boolean;
  /** Voice of this length over the answer is an interruption; shorter is a backchannel or noise. */
  readonly bargeInMs: number;
  readonly duplex: Duplex;
  readonly preRollMs: number;
  /** How likely a sound within speech has to be voice, to count as more of it. */
  readonly voiceProbability: number;
  /** As the listener was told: how much voice `started` stands for, and how much silence `paused`. */
  readonly minSpeechMs: number;
  readonly microPauseMs: number;
}

export type TurnTakingInput =
  | { readonly type: "voice"; readonly activity: VoiceActivity }
  /** This much more of the microphone was heard; `isVoice` is null where only loudness is known. */
  | { readonly type: "heard"; readonly ms: number; readonly isVoice: boolean | null }
  /** What the assistant does now, whoever decided it. */
  | { readonly type: "phase"; readonly phase: Phase }
  /** The key went down: the question that is open, or opens now, ends with the key. */
  | { readonly type: "key" }
  /** What the words over the answer say, when someone could read them in the pause after them. */
  | { readonly type: "words"; readonly meaning: "stop" | "backchannel" }
  /** Nothing is heard any more: muted, unplugged, or the listener was restarted. */
  | { readonly type: "deaf" }
  /** `deadlineMs` has passed. */
  | { readonly type: "tick" };

export type TurnTakingAction =
  /** Begin a question with this sample. */
  | { readonly type: "open"; readonly fromSample: number; readonly startedAtMs: number }
  /** The question is complete; its last voice was at `voicedUntilMs`. */
  | { readonly type: "release"; readonly releasedAtMs: number; readonly voicedUntilMs: number | null }
  | { readonly type: "cancel" }
  /** How loud the answer goes on: 0 holds it where it is. */
  | { readonly type: "gain"; readonly gain: number }
  /** Find out what the words since this sample mean, if there is time; nothing waits for it. */
  | { readonly type: "read"; readonly fromSample: number }
  /** End the answer where it was heard: the person has spoken since `startedAtMs`. */
  | { readonly type: "interrupt"; readonly startedAtMs: number }
  /** A pause runs that ends the question after `endPauseMs` in all; null when it does not any more. */
  | { readonly type: "endpoint"; readonly endpoint: { pausedAtMs: number; endPauseMs: number } | null };
