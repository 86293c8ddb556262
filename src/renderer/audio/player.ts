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

/** What of a chunk of speech is played. */
export type PlayableAudio = Pick<PlayerAudio, "turnId" | "sampleRate" | "pcm" | "startGateSamples">;

/** What was played of a turn so far; the `player.played` notice, with times of this page's clock. */
export interface PlayedReport {
  readonly turnId: string;
  readonly playedSamples: number;
  readonly underruns: number;
  readonly firstHeardAtMs?: number;
  readonly outputLatencyMs?: number;
  readonly firstReceivedAtMs?: number;
  readonly ended?: boolean;
  /** After a stop or a hold: when the last audible sample left the speaker. */
  readonly silentAtMs?: number;
}

export interface PlayerEvents {
  played(report: PlayedReport): void;
  /** Stopped before its end; `stopToSilenceMs` counts from the stop's arrival in the worklet (R46). */
  stopped(turnId: string, stopToSilenceMs: number | null): void;
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
  play(audio: PlayableAudio): void {
    this.#setRate(audio.sampleRate);
    if (!this.#receivedAtMs.has(audio.turnId)) {
      this.#receivedAtMs.set(audio.turnId, performance.timeOrigin + performance.now());
    }
    // A view of a larger buffer (a socket frame) is copied: transferring would take the whole buffer along.
    const isWhole = audio.pcm.byteLength === audio.pcm.buffer.byteLength;
    const pcm = isWhole ? audio.pcm : audio.pcm.slice();
    const { turnId, startGateSamples } = audio;
    const gate = startGateSamples === undefined ? {} : { startGateSamples };
    this.#send({ type: "chunk", turnId, pcm, ...gate }, [pcm.buffer]);
    void this.#open().then(({ context }) => this.#events.blocked(context.state !== "running"));
  }

  complete(turnId: string): void {
    this.#send({ type: "complete", turnId });
  }

  /** Silence within `fadeMs` (10 ms at most); nothing of the turn sounds afterwards. */
  stop(turnId: string, fadeMs: number): void {
    this.#send({ type: "stop", turnId, fadeSamples: this.#samplesOf(fadeMs) });
  }

  /** Fades a turn to `gain` in [0, 1]. At 0 it keeps its place and is silent within 10 ms; see PlaybackQueue.setGain. */
  setGain(turnId: string, gain: number, fadeMs: number): void {
    this.#send({ type: "gain", turnId, gain, fadeSamples: this.#samplesOf(fadeMs) });
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

  #samplesOf(ms: number): number {
    return Math.round((ms * this.#rateHz) / 1000);
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
      case "held":
        this.#events.played({
          turnId: report.turnId,
          playedSamples: report.playedSamples,
          underruns: report.underruns,
          silentAtMs: this.#heardAtMs(context, report.frameSeconds),
        });
        break;
      case "ended":
        this.#reportEnd(context, report);
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
      // A device that catches up after a stall places frames too early; nothing is heard before it has come.
      firstHeardAtMs: Math.max(this.#heardAtMs(context, report.frameSeconds), receivedAtMs ?? 0),
      ...(latencyMs === null ? {} : { outputLatencyMs: latencyMs }),
      ...(receivedAtMs === undefined ? {} : { firstReceivedAtMs: receivedAtMs }),
    });
  }

  #reportEnd(context: AudioContext, report: PlaybackReport & { type: "ended" }): void {
    const { turnId, playedSamples, underruns, silentSeconds } = report;
    const isStopped = report.cause === "stopped";
    this.#receivedAtMs.delete(turnId);
    this.#events.played({
      turnId,
      playedSamples,
      underruns,
      ended: true,
      ...(isStopped && silentSeconds !== null ? { silentAtMs: this.#heardAtMs(context, silentSeconds) } : {}),
    });
    if (isStopped) this.#events.stopped(turnId, report.stopToSilenceMs);
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
