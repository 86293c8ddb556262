import { SPEAK_RATE_HZ } from "../../shared/audio.ts";
import { systemClock } from "../../shared/clock.ts";
import { AppError } from "../../shared/errors.ts";
import type { Settings } from "../../shared/settings.ts";
import {
  echoSweep,
  LONGEST_DELAY_MS,
  measureEcho,
  SWEEP_MS,
  type EchoMeasurement,
  type EchoRecording,
} from "../audio/echo-test.ts";
import type { Stores } from "../stores/stores.ts";
import type { Listening } from "./listening.ts";
import type { Sound } from "./sound.ts";

export type StoredEcho = NonNullable<Settings["turnTaking"]["echo"]>;

/** Heard before the sweep, to know the room alone. */
const QUIET_MS = 500;
/** A microphone or speaker that takes longer than this for two seconds of sound does not work. */
const PATIENCE_MS = 10_000;

export interface EchoCheckOptions {
  readonly stores: Stores;
  readonly listening: Pick<Listening, "arm" | "record">;
  readonly sound: Pick<Sound, "wake" | "playTone">;
}

/**
 * Plays the sweep on the way that answers take and records it with the microphone as it is set. Throws `unsupported`
 * with a sentence when the microphone cannot be opened or sends nothing, and `bad-input` while Parley speaks or when
 * something else was heard.
 */
export async function checkEcho(options: EchoCheckOptions): Promise<StoredEcho> {
  const { stores, listening, sound } = options;
  const { phase, isMuted } = stores.assistant.getState();
  if (isMuted) throw new AppError("unsupported", "The microphone is muted. Unmute it for the test.");
  if (phase !== "idle")
    throw new AppError("bad-input", "Wait until Parley is silent, then start the test again.");
  sound.wake();
  const { state, message } = await listening.arm();
  if (state !== "armed") throw new AppError("unsupported", message ?? "The microphone is not open.");
  const found = measureEcho(await recordSweep(options));
  if (found.isDisturbed) {
    throw new AppError("bad-input", "Something else was heard meanwhile. Test again while it is quiet.");
  }
  return stored(found, stores);
}

async function recordSweep({ listening, sound }: EchoCheckOptions): Promise<EchoRecording> {
  using recorder = listening.record();
  using patience = deadline();
  const afterMs = SWEEP_MS + LONGEST_DELAY_MS;
  await Promise.race([recorder.reached(QUIET_MS), patience.passed]);
  const playedFrom = recorder.length;
  const played = sound.playTone(echoSweep(SPEAK_RATE_HZ), SPEAK_RATE_HZ);
  await Promise.race([Promise.all([recorder.reached(QUIET_MS + afterMs), played]), patience.passed]);
  return { samples: recorder.samples(), rateHz: recorder.rateHz, playedFrom };
}

function deadline(): Disposable & { readonly passed: Promise<never> } {
  const { promise: passed, reject } = Promise.withResolvers<never>();
  const timer = systemClock.after(PATIENCE_MS, () =>
    reject(
      new AppError(
        "unsupported",
        "The microphone or the speaker does not answer. Check both, then test again.",
      ),
    ),
  );
  return { passed, [Symbol.dispose]: () => timer[Symbol.dispose]() };
}

function stored({ bleedDb, duplex }: EchoMeasurement, stores: Stores): StoredEcho {
  const { inputLabel, outputLabel } = echoDevices(stores);
  return {
    bleedDb: Math.round(bleedDb * 10) / 10,
    duplex,
    measuredAtMs: Date.now(),
    inputLabel,
    outputLabel,
  };
}

/** Names of the devices that sound goes through now, as a test keeps them. */
export function echoDevices(stores: Stores): Pick<StoredEcho, "inputLabel" | "outputLabel"> {
  const { label, devices } = stores.microphone.getState();
  const { outputDeviceId } = stores.settings.getState().settings.audio;
  const chosen = devices.outputs.find(({ id }) => id === outputDeviceId)?.label;
  const outputLabel = chosen ?? (devices.defaultOutput || "System default");
  return { inputLabel: label.slice(0, 200), outputLabel: outputLabel.slice(0, 200) };
}

/** Whether a test still holds: the same devices, and nothing changed that lets the microphone hear more of the answer. */
export function isEchoValid(echo: StoredEcho, now: Pick<StoredEcho, "inputLabel" | "outputLabel">): boolean {
  return echo.inputLabel === now.inputLabel && echo.outputLabel === now.outputLabel;
}

/** Whether a change of settings makes a test void. */
export function voidsEcho(before: Settings["audio"], after: Settings["audio"]): boolean {
  return (
    before.echoCancellation !== after.echoCancellation ||
    before.noiseSuppression !== after.noiseSuppression ||
    after.volume > before.volume
  );
}
