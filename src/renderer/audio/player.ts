import type { PlayerAudio } from "../../shared/app-contract.ts";
import { SPEAK_RATE_HZ } from "../../shared/audio.ts";
import { AppError } from "../../shared/errors.ts";
import { heardAtMs, outputLatencyMs } from "./heard-clock.ts";
import {
  PLAYBACK_PROCESSOR,
  type PlaybackCommand,
  type PlaybackProcessorOptions,
  type PlaybackReport,
} from "./playback-messages.ts";
import { playbackWorkletUrl } from "./worklets.ts";

/** An output that nobody uses is suspended after this long: an open one keeps the machine from sleeping. */
const IDLE_SUSPEND_MS = 60_000;

/** What was played of a turn so far; the `player.played` notice, with times of this page's clock. */
export interface PlayedReport {
  readonly turnId: string;
  readonly playedSamples: number;
  readonly underruns: number;
  readonly firstHeardAtMs?: number;
  readonly outputLatencyMs?: number;
  readonly firstReceivedAtMs?: number;
  readonly ended?: boolean;
}

export interface PlayerEvents {
  played(report: PlayedReport): void;
  /** `silentAtMs`: when the last audible sample left the speaker, measured in the worklet and by the output clock. */
  stopped(turnId: string, stopToSilenceMs: number | null, silentAtMs: number): void;
  /** The browser holds the sound back until the person clicks or presses a key. */
  blocked(isBlocked: boolean): void;
  /** The chosen speaker cannot be used; the system's default plays instead. */
  outputLost(error: AppError): void;
  tapped?(turnId: string, samples: Float32Array): void;
}

export interface PlayerOptions {
  readonly startGateSamples?: number;
  /** Reports every rendered sample through `tapped`. */
  readonly tap?: boolean;
}

/** Choosing the speaker (Web Audio API 1.1); TypeScript's DOM library does not have it yet. */
interface SinkChoice {
  readonly sinkId: string;
  setSinkId(sinkId: string): Promise<void>;
}

interface Output {
  readonly context: AudioContext;
  readonly gain: GainNode;
  readonly port: MessagePort;
}

/**
 * The speaker: opens an audio context at the rate of the speech, feeds the playback worklet and tells what was heard.
 * Messages keep their order although opening is asynchronous.
 */
export class Player implements Disposable {
  readonly #events: PlayerEvents;
  readonly #options: PlayerOptions;
  readonly #receivedAtMs = new Map<string, number>();
  #output: Promise<Output> | undefined;
  #rateHz = SPEAK_RATE_HZ;
  #volume = 1;
  #deviceId = "default";
  #idleTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(events: PlayerEvents, options: PlayerOptions = {}) {
    this.#events = events;
    this.#options = options;
  }

  /** Opens the output or wakes it; call it from a person's gesture and when speech is expected. */
  async wake(): Promise<void> {
    const { context } = await this.#open();
    this.#restartIdleTimer();
    if (context.state === "running") return;
    // `resume` stays pending while the browser waits for a gesture: the state tells, not the promise.
    void context.resume().then(() => this.#events.blocked(false));
  }

  /** Queues a chunk of speech. Its samples are handed over to the audio thread and gone for the caller. */
  play(audio: PlayerAudio): void {
    this.#setRate(audio.sampleRate);
    if (!this.#receivedAtMs.has(audio.turnId)) {
      this.#receivedAtMs.set(audio.turnId, performance.timeOrigin + performance.now());
    }
    // A view of a larger buffer (a socket frame) is copied: transferring would take the whole buffer along.
    const isWhole = audio.pcm.byteLength === audio.pcm.buffer.byteLength;
    const pcm = isWhole ? audio.pcm : audio.pcm.slice();
    this.#send({ type: "chunk", turnId: audio.turnId, pcm }, [pcm.buffer]);
    void this.#open().then(({ context }) => this.#events.blocked(context.state !== "running"));
  }

  complete(turnId: string): void {
    this.#send({ type: "complete", turnId });
  }

  /** Silence within `fadeMs` (10 ms at most); nothing of the turn sounds afterwards. */
  stop(turnId: string, fadeMs: number): void {
    this.#send({ type: "stop", turnId, fadeSamples: Math.round((fadeMs * this.#rateHz) / 1000) });
  }

  /** 0 to 1. */
  setVolume(volume: number): void {
    this.#volume = volume;
    void this.#output?.then(({ context, gain }) =>
      gain.gain.setTargetAtTime(volume, context.currentTime, 0.01),
    );
  }

  /** Where to play: a device id, or "default" to follow the system. */
  setDevice(deviceId: string): void {
    this.#deviceId = deviceId;
    void this.#output?.then(({ context }) => this.#route(context));
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#idleTimer);
    void this.#output?.then(({ context }) => context.close());
    this.#output = undefined;
  }

  /** The output's context for other sounds of the interface. */
  async context(): Promise<AudioContext> {
    return (await this.#open()).context;
  }

  #setRate(rateHz: number): void {
    if (rateHz === this.#rateHz) return;
    this.#rateHz = rateHz;
    const previous = this.#output;
    this.#output = undefined;
    void previous?.then(({ context }) => context.close());
  }

  #send(command: PlaybackCommand, transfer: Transferable[] = []): void {
    this.#restartIdleTimer();
    void this.#open().then(({ port }) => port.postMessage(command, transfer));
  }

  #open(): Promise<Output> {
    this.#output ??= this.#create(this.#rateHz);
    return this.#output;
  }

  async #create(rateHz: number): Promise<Output> {
    const context = new AudioContext({ sampleRate: rateHz, latencyHint: "interactive" });
    await context.audioWorklet.addModule(playbackWorkletUrl);
    const processorOptions: PlaybackProcessorOptions = {
      startGateSamples: this.#options.startGateSamples ?? 0,
      tap: this.#options.tap ?? false,
    };
    const node = new AudioWorkletNode(context, PLAYBACK_PROCESSOR, {
      numberOfInputs: 0,
      outputChannelCount: [1],
      processorOptions,
    });
    const gain = new GainNode(context, { gain: this.#volume });
    node.connect(gain).connect(context.destination);
    node.port.addEventListener("message", (event: MessageEvent<PlaybackReport>) =>
      this.#onReport(context, event.data),
    );
    node.port.start();
    this.#route(context);
    return { context, gain, port: node.port };
  }

  #onReport(context: AudioContext, report: PlaybackReport): void {
    switch (report.type) {
      case "progress":
        this.#restartIdleTimer();
        this.#events.played({
          turnId: report.turnId,
          playedSamples: report.playedSamples,
          underruns: report.underruns,
        });
        break;
      case "first-sound":
        this.#reportFirstSound(context, report);
        break;
      case "ended":
        this.#receivedAtMs.delete(report.turnId);
        this.#events.played({
          turnId: report.turnId,
          playedSamples: report.playedSamples,
          underruns: report.underruns,
          ended: true,
        });
        if (report.cause === "stopped") {
          const silentAtMs = this.#heardAtMs(context, report.frameSeconds);
          this.#events.stopped(report.turnId, report.stopToSilenceMs, silentAtMs);
        }
        break;
      case "tap":
        this.#events.tapped?.(report.turnId, report.samples);
        break;
      default:
        report satisfies never;
    }
  }

  #reportFirstSound(context: AudioContext, report: PlaybackReport & { type: "first-sound" }): void {
    const latencyMs = outputLatencyMs(context);
    const receivedAtMs = this.#receivedAtMs.get(report.turnId);
    this.#events.played({
      turnId: report.turnId,
      playedSamples: report.playedSamples,
      underruns: report.underruns,
      firstHeardAtMs: this.#heardAtMs(context, report.frameSeconds),
      ...(latencyMs === null ? {} : { outputLatencyMs: latencyMs }),
      ...(receivedAtMs === undefined ? {} : { firstReceivedAtMs: receivedAtMs }),
    });
  }

  #heardAtMs(context: AudioContext, frameSeconds: number): number {
    return heardAtMs(context, frameSeconds, performance.now(), performance.timeOrigin);
  }

  #route(context: AudioContext): void {
    const sinkId = this.#deviceId === "default" ? "" : this.#deviceId;
    // Firefox and older browsers play on the system's default only; there is nothing to choose then.
    const routable: AudioContext & Partial<SinkChoice> = context;
    if (!routable.setSinkId || routable.sinkId === sinkId) return;
    routable.setSinkId(sinkId).catch((error: unknown) => {
      this.#deviceId = "default";
      const message = "The chosen speaker is not available. Parley plays on the system's default speaker.";
      this.#events.outputLost(new AppError("unsupported", message, { cause: error }));
      if (sinkId !== "") this.#route(context);
    });
  }

  #restartIdleTimer(): void {
    clearTimeout(this.#idleTimer);
    this.#idleTimer = setTimeout(() => {
      void this.#output?.then(({ context }) => context.suspend());
    }, IDLE_SUSPEND_MS);
  }
}
