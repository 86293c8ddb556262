import type { AppService } from "../../shared/app-contract.ts";
import { LISTEN_RATE_HZ } from "../../shared/audio.ts";
import type { Settings } from "../../shared/settings.ts";
import type { Engine } from "../models/engine.ts";
import type { AppWindow, Windows } from "./windows.ts";

type MicrophoneState = AppService["notices"]["mic.state"];
type MicrophoneAudio = AppService["notices"]["mic.audio"];

export interface MicrophoneOptions {
  readonly engine: () => Pick<Engine, "listener">;
  readonly windows: Pick<Windows, "emit" | "notify">;
  readonly settings: () => Settings;
  /** It was shut on purpose, in the middle of whatever was being said, or opened again. */
  readonly onMute: () => void;
}

/** Enough beyond the longest pause for the listener to find that speech has ended. */
const SILENCE_MARGIN_MS = 500;

/** Why hands-free hears nothing, and what the person can do about it. */
const deafness = {
  denied:
    "Hands-free needs the microphone, and Parley may not use it. Allow it, or hold the key and type meanwhile.",
  missing: "Hands-free needs a microphone, and none was found. Plug one in.",
  lost: "The microphone is gone: hands-free hears nothing until it is back.",
  muted: "The microphone is muted: hands-free hears nothing until you unmute it.",
} as const;
type Deafness = keyof typeof deafness;
const isDeafness = (state: string): state is Deafness => Object.hasOwn(deafness, state);

/**
 * The one microphone that is listened to: the main window's that opened it last. Muted, nothing of it passes, whatever
 * a page sends.
 */
export class Microphone {
  readonly #options: MicrophoneOptions;
  /** The window whose microphone is open; sound of others would mix with it. */
  #windowId: number | null = null;
  #state: MicrophoneState["state"] = "off";
  #isMuted = false;
  /** What the person was told of last, so that they hear of it once. */
  #told: Deafness | null = null;

  constructor(options: MicrophoneOptions) {
    this.#options = options;
  }

  get isMuted(): boolean {
    return this.#isMuted;
  }

  hear(window: AppWindow, audio: MicrophoneAudio): void {
    if (this.#isMuted || this.#windowId !== window.id) return;
    this.#options.engine().listener.notify("push", audio);
  }

  /** A page says what its microphone does. The overlay has none. */
  follow(window: AppWindow, state: MicrophoneState): void {
    if (window.view !== "main") return;
    if (state.state === "armed") this.#windowId = window.id;
    else this.#leave(window);
    this.#state = state.state;
    this.#options.windows.emit("mic.state", state);
    this.checkHandsFree();
  }

  closed(window: AppWindow): void {
    this.#leave(window);
  }

  mute(muted: boolean): void {
    if (muted === this.#isMuted) return;
    this.#isMuted = muted;
    if (muted) {
      this.#fallSilent();
      // Who mutes it knows.
      this.#told = "muted";
    }
    this.#options.onMute();
  }

  /** Says once why hands-free hears nothing, if it is on and so it is. */
  checkHandsFree(): void {
    const { settings, windows } = this.#options;
    const why = this.#isMuted ? "muted" : this.#state;
    if (settings().turnTaking.mode !== "hands-free" || !isDeafness(why)) this.#told = null;
    else if (this.#told !== why) {
      this.#told = why;
      windows.notify({ level: "warning", message: deafness[why] });
    }
  }

  #leave(window: AppWindow): void {
    if (this.#windowId !== window.id) return;
    this.#windowId = null;
    this.#fallSilent();
  }

  /** A shut microphone hears silence: speech that was under way ends, instead of going on when it is opened again. */
  #fallSilent(): void {
    const { maxEndPauseMs, minEndPauseMs } = this.#options.settings().turnTaking;
    const silenceMs = Math.max(maxEndPauseMs, minEndPauseMs) + SILENCE_MARGIN_MS;
    const samples = new Float32Array(Math.ceil((silenceMs / 1000) * LISTEN_RATE_HZ));
    this.#options.engine().listener.notify("push", { samples, sampleRateHz: LISTEN_RATE_HZ });
  }
}
