import { AppError, isCancelled } from "../../shared/errors.ts";
import type { Settings } from "../../shared/settings.ts";
import { BlockRecorder } from "../audio/block-recorder.ts";
import { Microphone } from "../audio/microphone.ts";
import type { MicrophoneStatus } from "../audio/microphone-errors.ts";
import type { Link } from "../bridge/link.ts";
import type { Stores } from "../stores/stores.ts";
import type { TalkActions, TalkSource } from "./push-to-talk.ts";
import type { Sound } from "./sound.ts";

/** Set in local storage while the person lets Parley listen; muting takes it back. */
const ARMED_KEY = "parley.microphone";

export interface ListeningOptions {
  readonly link: Link;
  readonly stores: Stores;
  readonly sound: Sound;
  /** False in the overlay, which has no microphone. */
  readonly isMain: boolean;
  readonly notify: (level: "info" | "warning" | "error", message: string) => void;
  /** An utterance could not be opened: the gesture that asked for it is void. */
  readonly onRefused: () => void;
}

interface Utterance {
  /** Null when it could not be opened; the person has been told. */
  id: Promise<string | null>;
  isReleased: boolean;
}

/** The microphone and the utterance that is being spoken: carries out what the talk gestures ask for. */
export class Listening implements TalkActions, Disposable {
  readonly #options: ListeningOptions;
  readonly #microphone: Microphone;
  #utterance: Utterance | undefined;
  #recorder: BlockRecorder | undefined;
  #isArming = false;

  constructor(options: ListeningOptions) {
    this.#options = options;
    const { link, stores } = options;
    this.#microphone = new Microphone({
      block: (samples, sampleRateHz) => {
        if (this.#recorder) this.#recorder.push(samples, sampleRateHz);
        else link.notify("mic.audio", { samples, sampleRateHz });
      },
      level: (level) => stores.level.setState(level),
      status: (status) => {
        stores.microphone.setState(status);
        if (status.state !== "armed") stores.level.setState({ rms: 0, peak: 0, speech: 0 });
        this.announce();
      },
    });
  }

  /** Opens the microphone at start, if the person allowed it before and did not mute it since. */
  async restore(): Promise<void> {
    if (!this.#mayOpen || this.#microphone.status.state !== "off") return;
    if (localStorage.getItem(ARMED_KEY) !== "armed") return;
    const permission = await navigator.permissions?.query({ name: "microphone" });
    if (permission?.state === "granted" && this.#mayOpen) await this.arm();
  }

  async arm(): Promise<MicrophoneStatus> {
    const { audio } = this.#options.stores.settings.getState().settings;
    this.#isArming = true;
    const status = await this.#microphone.arm({
      deviceId: audio.inputDeviceId,
      echoCancellation: audio.echoCancellation,
      noiseSuppression: audio.noiseSuppression,
    });
    this.#isArming = false;
    if (status.state === "armed") localStorage.setItem(ARMED_KEY, "armed");
    return status;
  }

  /** Shuts the microphone in every window, opens it again, or opens it for the first time. */
  toggle(): void {
    const { isMuted } = this.#options.stores.assistant.getState();
    const { state } = this.#microphone.status;
    // Muted here counts before main has said so: two quick presses are on and off again.
    if (isMuted || state === "muted") this.#tellMute(false);
    else if (state !== "armed" && this.#isMain) void this.arm();
    else {
      // Main hears of it first, so that it does not wonder why the microphone fell silent; here it holds at once.
      this.#tellMute(true);
      this.followMute(true);
    }
  }

  /** Main's word on the microphone, whichever window asked for it. */
  followMute(isMuted: boolean): void {
    if (!this.#isMain) return;
    if (isMuted) {
      localStorage.removeItem(ARMED_KEY);
      // What was being said is main's to take back: it knows of it and of its being muted.
      this.#take();
      this.#microphone.close(true);
    } else if (this.#mayOpen) void this.arm();
    else this.#microphone.close(false);
  }

  /** Hands-free was turned on: it needs the microphone. */
  followMode(before: Settings, after: Settings): void {
    const isNew = before.turnTaking.mode !== "hands-free" && after.turnTaking.mode === "hands-free";
    if (isNew && this.#mayOpen && this.#microphone.status.state !== "armed") void this.arm();
  }

  /** Takes back what voice began to say; what a key of this window began is the key's. */
  dismiss(): void {
    if (this.#utterance) return;
    const { utteranceId } = this.#options.stores.assistant.getState();
    if (utteranceId === null) return;
    this.#attempt(async () => this.#options.link.client.call("listen.cancel", { utteranceId }));
  }

  /** Closes the microphone without forgetting that it may be opened: another page takes over. */
  release(): void {
    this.cancel();
    this.#microphone.close(this.#options.stores.assistant.getState().isMuted);
  }

  /** Keeps what the microphone hears for a test, instead of sending it to the listener, until it is disposed. */
  record(): BlockRecorder {
    this.#recorder = new BlockRecorder(() => (this.#recorder = undefined));
    return this.#recorder;
  }

  /** A gesture: sound that the browser held back may start now. */
  wake(): void {
    void this.#microphone.wake();
  }

  /** Opens the microphone anew when its choice changed. */
  configure(before: Settings, after: Settings): void {
    const isSame =
      before.audio.inputDeviceId === after.audio.inputDeviceId &&
      before.audio.echoCancellation === after.audio.echoCancellation &&
      before.audio.noiseSuppression === after.audio.noiseSuppression;
    if (!isSame && !["off", "muted"].includes(this.#microphone.status.state)) void this.arm();
  }

  /** Tells main, and through it every window, how the microphone is. */
  announce(): void {
    const { state, label } = this.#microphone.status;
    this.#options.link.notify("mic.state", { state, label: label.slice(0, 200) });
  }

  interrupt(): void {
    const { link, sound, stores } = this.#options;
    const { turnId } = stores.assistant.getState();
    const speaking = stores.player.getState().turnId;
    // The page fades at once; main's own stop follows and finds nothing left to do.
    for (const id of new Set([turnId, speaking])) if (id !== null) sound.stop(id, 10);
    this.#attempt(async () => link.client.call("turn.interrupt", {}));
  }

  begin(source: TalkSource, atMs: number): void {
    this.#options.sound.wake();
    const utterance: Utterance = { id: Promise.resolve(null), isReleased: false };
    this.#utterance = utterance;
    this.#options.stores.assistant.setState({ isPressed: true });
    utterance.id = this.#open(utterance, source, atMs);
  }

  end(atMs: number): void {
    const utterance = this.#take();
    this.#attempt(async () => {
      const utteranceId = await utterance?.id;
      if (!utteranceId) return;
      const releasedAtMs = atMs + this.#clockOffsetMs;
      await this.#options.link.client.call("listen.end", { utteranceId, releasedAtMs });
    });
  }

  cancel(): void {
    const utterance = this.#take();
    this.#attempt(async () => {
      const utteranceId = await utterance?.id;
      if (utteranceId) await this.#options.link.client.call("listen.cancel", { utteranceId });
    });
  }

  latched(isLatched: boolean): void {
    const { assistant } = this.#options.stores;
    if (assistant.getState().isLatched !== isLatched) assistant.setState({ isLatched });
  }

  [Symbol.dispose](): void {
    this.#microphone[Symbol.dispose]();
  }

  get #isMain(): boolean {
    return this.#options.isMain;
  }

  /** This page is the one that listens, and nobody shut it up. */
  get #mayOpen(): boolean {
    const { connection, assistant } = this.#options.stores;
    const { ownsAudio, status } = connection.getState();
    return this.#isMain && ownsAudio && status === "open" && !assistant.getState().isMuted;
  }

  #tellMute(muted: boolean): void {
    this.#attempt(async () => {
      await this.#options.link.client.call("mic.mute", { muted });
      // Main may never have heard that it was muted: then it has nothing to tell.
      const isShut = this.#microphone.status.state === "muted" && !this.#isArming;
      if (!muted && isShut && this.#mayOpen) await this.arm();
    });
  }

  get #clockOffsetMs(): number {
    return this.#options.stores.connection.getState().clockOffsetMs;
  }

  async #open(utterance: Utterance, source: TalkSource, atMs: number): Promise<string | null> {
    const { link, notify, onRefused } = this.#options;
    try {
      if (await this.#isArmed(utterance)) {
        const pressedAtMs = atMs + this.#clockOffsetMs;
        return (await link.client.call("listen.begin", { source, pressedAtMs })).utteranceId;
      }
    } catch (error) {
      notify("error", AppError.from(error).message);
    }
    if (!utterance.isReleased) onRefused();
    return null;
  }

  /** Only the page with the sound has the microphone; from another one, main listens to that page. */
  async #isArmed(utterance: Utterance): Promise<boolean> {
    const { stores, notify } = this.#options;
    if (stores.assistant.getState().isMuted) {
      notify("info", "The microphone is muted. Unmute it to talk.");
      return false;
    }
    if (!stores.connection.getState().ownsAudio || this.#microphone.status.state === "armed") return true;
    const { state, message } = await this.arm();
    if (state !== "armed") {
      if (message) notify("warning", message);
      return false;
    }
    if (!utterance.isReleased) return true;
    // The question about the permission took the key away: nothing has been heard yet.
    notify("info", "The microphone is ready. Hold the button and speak.");
    return false;
  }

  #take(): Utterance | undefined {
    const utterance = this.#utterance;
    this.#utterance = undefined;
    if (utterance) utterance.isReleased = true;
    this.#options.stores.assistant.setState({ isPressed: false });
    return utterance;
  }

  #attempt(action: () => Promise<unknown>): void {
    action().catch((error: unknown) => {
      if (!isCancelled(error)) this.#options.notify("error", AppError.from(error).message);
    });
  }
}
