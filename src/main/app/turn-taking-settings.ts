import type { Settings } from "../../shared/settings.ts";
import { defaultListening, type ListeningOptions } from "../models/services.ts";
import type { Duplex, TurnTakingConfig } from "./turn-taking-events.ts";

/** The settings' word, or for `auto` the echo test's; untested, a microphone with echo cancellation is trusted. */
export function duplexOf({ turnTaking, audio }: Settings): Duplex {
  if (turnTaking.duplex !== "auto") return turnTaking.duplex;
  return turnTaking.echo?.duplex ?? (audio.echoCancellation ? "full" : "duck");
}

/** The part of the settings that the listener hears by. */
export function listeningOptions({ turnTaking }: Settings): ListeningOptions {
  const { speechThreshold, minSpeechMs, minEndPauseMs, maxEndPauseMs, adaptive } = turnTaking;
  return {
    speechThreshold,
    minSpeechMs,
    microPauseMs: defaultListening.microPauseMs,
    minEndPauseMs,
    // Two sliders of one range may pass each other.
    maxEndPauseMs: Math.max(minEndPauseMs, maxEndPauseMs),
    adaptive,
  };
}

/** Within speech, less is enough to go on than it took to begin: as in Silero's own iterator. */
const hysteresis = 0.15;

/** The part of the settings that turns are taken by. */
export function turnTakingConfig(settings: Settings): TurnTakingConfig {
  const { mode, bargeIn, bargeInMs } = settings.turnTaking;
  const { minSpeechMs, microPauseMs, speechThreshold } = listeningOptions(settings);
  return {
    isHandsFree: mode === "hands-free",
    canBargeIn: bargeIn,
    bargeInMs,
    duplex: duplexOf(settings),
    preRollMs: settings.audio.preRollMs,
    voiceProbability: Math.max(0.05, speechThreshold - hysteresis),
    minSpeechMs,
    microPauseMs,
  };
}
