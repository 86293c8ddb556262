import { LISTEN_RATE_HZ } from "../../shared/audio.ts";
import type { BlockLevel } from "./capture-blocks.ts";
import { CAPTURE_PROCESSOR, type CaptureMessage } from "./capture-messages.ts";
import { captureWorkletUrl } from "./worklets.ts";
import {
  isDeviceGone,
  microphoneMuted,
  microphoneOff,
  statusOfRefusal,
  type MicrophoneStatus,
} from "./microphone-errors.ts";

/** What the person chose; from Settings.audio. */
export interface MicrophoneChoice {
  readonly deviceId: string;
  readonly echoCancellation: boolean;
  readonly noiseSuppression: boolean;
}

export interface MicrophoneEvents {
  /** About every 8 ms while armed. */
  block(samples: Float32Array<ArrayBuffer>, sampleRateHz: number): void;
  /** About every 24 ms. */
  level(level: BlockLevel): void;
  status(status: MicrophoneStatus): void;
}

interface Capture {
  readonly stream: MediaStream;
  readonly context: AudioContext;
  /** Which hardware "default" meant when it was opened. */
  readonly defaultGroupId: string;
  readonly deviceId: string;
}

/**
 * The microphone. `arm` opens it and keeps it open through unplugging, replugging and changes of the system's default;
 * `close` really stops the hardware, and with it the system's mark that it is recording. Only `arm` ever opens it, so call it from a person's gesture or a remembered grant.
 */
export class Microphone implements Disposable {
  readonly #events: MicrophoneEvents;
  readonly #media: MediaDevices | undefined = navigator.mediaDevices;
  readonly #onDeviceChange = (): void => void this.#followDevices();
  #choice: MicrophoneChoice | undefined;
  #capture: Capture | undefined;
  #status = microphoneOff;
  /** Grows with every arm and close: an answer that arrives for an older one is closed unused. */
  #generation = 0;

  constructor(events: MicrophoneEvents) {
    this.#events = events;
    this.#media?.addEventListener("devicechange", this.#onDeviceChange);
  }

  get status(): MicrophoneStatus {
    return this.#status;
  }

  /** Opens the chosen microphone, or opens it anew after a change of choice. Never rejects: the resulting status tells. */
  async arm(choice: MicrophoneChoice): Promise<MicrophoneStatus> {
    this.#choice = choice;
    const generation = ++this.#generation;
    try {
      const capture = await this.#openWithFallback(choice);
      if (generation !== this.#generation) {
        release(capture);
        return this.#status;
      }
      this.#replace(capture);
    } catch (error) {
      if (generation !== this.#generation) return this.#status;
      this.#replace(undefined);
      this.#setStatus(statusOfRefusal(error));
    }
    return this.#status;
  }

  /** Shuts it; `isMuted` only says why. */
  close(isMuted: boolean): void {
    this.#generation += 1;
    this.#choice = undefined;
    this.#replace(undefined);
    this.#setStatus(isMuted ? microphoneMuted : microphoneOff);
  }

  /** Lets a capture that the browser started silently run; call it from a gesture. */
  async wake(): Promise<void> {
    if (this.#capture?.context.state === "suspended") await this.#capture.context.resume();
  }

  [Symbol.dispose](): void {
    this.#media?.removeEventListener("devicechange", this.#onDeviceChange);
    this.close(false);
  }

  async #openWithFallback(choice: MicrophoneChoice): Promise<Capture> {
    try {
      return await this.#open(choice);
    } catch (error) {
      if (choice.deviceId === "default" || !isDeviceGone(error)) throw error;
      return this.#open({ ...choice, deviceId: "default" });
    }
  }

  async #open(choice: MicrophoneChoice): Promise<Capture> {
    // `mediaDevices` is absent where the page is not a secure context: nothing there can be plugged in.
    if (!this.#media) throw new DOMException("no media devices", "NotFoundError");
    const stream = await this.#media.getUserMedia({
      audio: {
        channelCount: 1,
        echoCancellation: choice.echoCancellation,
        noiseSuppression: choice.noiseSuppression,
        autoGainControl: true,
        ...(choice.deviceId === "default" ? {} : { deviceId: { exact: choice.deviceId } }),
      },
    });
    try {
      const context = await this.#listenTo(stream);
      const defaultGroupId = await this.#defaultGroupId();
      return { stream, context, defaultGroupId, deviceId: choice.deviceId };
    } catch (error) {
      stopTracks(stream);
      throw error;
    }
  }

  async #listenTo(stream: MediaStream): Promise<AudioContext> {
    const { context, source } = sourceOf(stream);
    await context.audioWorklet.addModule(captureWorkletUrl);
    const node = new AudioWorkletNode(context, CAPTURE_PROCESSOR, { numberOfOutputs: 0 });
    node.port.addEventListener("message", ({ data }: MessageEvent<CaptureMessage>) => {
      if (this.#capture?.context !== context) return;
      if (data.level) this.#events.level(data.level);
      this.#events.block(data.samples, context.sampleRate);
    });
    node.port.start();
    source.connect(node);
    const [track] = stream.getAudioTracks();
    track?.addEventListener("ended", () => this.#onTrackEnded(context));
    return context;
  }

  #onTrackEnded(context: AudioContext): void {
    if (this.#capture?.context !== context) return;
    const { label } = this.#status;
    this.#replace(undefined);
    this.#setStatus({
      state: "lost",
      label,
      message: `${label || "The microphone"} was unplugged. Parley goes on when it is back, or with another one.`,
    });
    void this.#followDevices();
  }

  /** Something was plugged or unplugged, or the system's default moved. */
  async #followDevices(): Promise<void> {
    const choice = this.#choice;
    if (!choice || !this.#media || this.#status.state === "denied") return;
    const devices = await this.#media.enumerateDevices();
    const inputs = devices.filter(({ kind }) => kind === "audioinput");
    if (choice !== this.#choice || inputs.length === 0) return;
    const isChosenBack =
      this.#capture?.deviceId !== choice.deviceId &&
      inputs.some(({ deviceId }) => deviceId === choice.deviceId);
    const isDefaultMoved =
      this.#capture?.deviceId === "default" && this.#capture.defaultGroupId !== groupOfDefault(inputs);
    if (!this.#capture || isChosenBack || isDefaultMoved) await this.arm(choice);
  }

  async #defaultGroupId(): Promise<string> {
    const devices = (await this.#media?.enumerateDevices()) ?? [];
    return groupOfDefault(devices.filter(({ kind }) => kind === "audioinput"));
  }

  #replace(capture: Capture | undefined): void {
    if (this.#capture) release(this.#capture);
    this.#capture = capture;
    if (!capture) return;
    void capture.context.resume();
    const label = capture.stream.getAudioTracks()[0]?.label ?? "";
    this.#setStatus({ state: "armed", label, message: null });
  }

  #setStatus(status: MicrophoneStatus): void {
    this.#status = status;
    this.#events.status(status);
  }
}

/** A context at 16 kHz where the browser resamples for us, else at the device's rate: the listener resamples. */
function sourceOf(stream: MediaStream): { context: AudioContext; source: MediaStreamAudioSourceNode } {
  const wanted = new AudioContext({ sampleRate: LISTEN_RATE_HZ, latencyHint: "interactive" });
  try {
    return { context: wanted, source: wanted.createMediaStreamSource(stream) };
  } catch {
    // Firefox refuses a stream whose rate differs from the context's.
    void wanted.close();
    const native = new AudioContext({ latencyHint: "interactive" });
    return { context: native, source: native.createMediaStreamSource(stream) };
  }
}

function groupOfDefault(inputs: readonly MediaDeviceInfo[]): string {
  const device = inputs.find(({ deviceId }) => deviceId === "default") ?? inputs[0];
  return device?.groupId ?? "";
}

function release({ stream, context }: Capture): void {
  stopTracks(stream);
  void context.close();
}

function stopTracks(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}
