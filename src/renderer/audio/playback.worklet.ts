import { PlaybackQueue, type Ending, type PlaybackListener } from "./playback-queue.ts";
import {
  PLAYBACK_PROCESSOR,
  type PlaybackCommand,
  type PlaybackProcessorOptions,
  type PlaybackReport,
} from "./playback-messages.ts";

const REPORT_EVERY_MS = 20;
/** Long enough to avoid a click, short against the 50 ms an interruption may take (R46). */
const MAX_FADE_OUT_MS = 10;
const FADE_IN_MS = 4;

/** The audio thread's side of the player: a PlaybackQueue between a message port and the sound card. */
class PlaybackProcessor extends AudioWorkletProcessor implements PlaybackListener {
  readonly #queue: PlaybackQueue;
  readonly #hasTap: boolean;
  readonly #stopFrames = new Map<string, number>();
  #framesSinceReport = 0;

  constructor(options: { processorOptions: PlaybackProcessorOptions }) {
    super();
    this.#hasTap = options.processorOptions.tap;
    this.#queue = new PlaybackQueue(
      {
        startGateSamples: options.processorOptions.startGateSamples,
        fadeInSamples: Math.round((FADE_IN_MS * sampleRate) / 1000),
        maxFadeOutSamples: Math.round((MAX_FADE_OUT_MS * sampleRate) / 1000),
      },
      this,
    );
    this.port.addEventListener("message", (event: MessageEvent<PlaybackCommand>) => this.#obey(event.data));
    this.port.start();
  }

  process(_inputs: Float32Array[][], outputs: Float32Array[][]): boolean {
    const output = outputs[0]?.[0];
    if (!output) return true;
    const turnBefore = this.#queue.turnId;
    const wasRunning = this.#queue.isRunning;
    this.#queue.render(output, currentFrame);
    const turnId = this.#queue.turnId ?? turnBefore;
    if (this.#hasTap && turnId !== null && (wasRunning || this.#queue.isRunning || !this.#queue.turnId)) {
      this.#report({ type: "tap", turnId, samples: output.slice() });
    }
    this.#framesSinceReport += output.length;
    if (this.#framesSinceReport >= (REPORT_EVERY_MS * sampleRate) / 1000) this.#reportProgress();
    return true;
  }

  firstSound(turnId: string, frame: number): void {
    const { playedSamples, underruns } = this.#queue;
    const frameSeconds = frame / sampleRate;
    this.#report({ type: "first-sound", turnId, playedSamples, underruns, frameSeconds });
  }

  held(turnId: string, frame: number): void {
    const { playedSamples, underruns } = this.#queue;
    this.#report({ type: "held", turnId, playedSamples, underruns, frameSeconds: frame / sampleRate });
  }

  ended(turnId: string, { frame, silentFrame, ...ending }: Ending): void {
    const stopFrame = this.#stopFrames.get(turnId);
    this.#stopFrames.delete(turnId);
    this.#report({
      type: "ended",
      turnId,
      ...ending,
      silentSeconds: silentFrame === null ? null : silentFrame / sampleRate,
      stopToSilenceMs: stopFrame === undefined ? null : ((frame - stopFrame) / sampleRate) * 1000,
    });
  }

  #obey(command: PlaybackCommand): void {
    switch (command.type) {
      case "chunk":
        this.#queue.push(command.turnId, command.pcm, command.startGateSamples);
        break;
      case "complete":
        this.#queue.complete(command.turnId);
        break;
      case "stop":
        this.#noteStop(command.turnId);
        this.#queue.stop(command.turnId, command.fadeSamples);
        break;
      case "gain":
        this.#queue.setGain(command.turnId, command.gain, command.fadeSamples);
        break;
    }
  }

  /** The first stop of a turn counts: the page's own is followed by main's. */
  #noteStop(turnId: string): void {
    if (this.#stopFrames.has(turnId)) return;
    this.#stopFrames.clear();
    this.#stopFrames.set(turnId, currentFrame);
  }

  #reportProgress(): void {
    this.#framesSinceReport = 0;
    const { turnId, playedSamples, underruns, isRunning } = this.#queue;
    if (turnId !== null && isRunning) this.#report({ type: "progress", turnId, playedSamples, underruns });
  }

  #report(report: PlaybackReport): void {
    this.port.postMessage(report);
  }
}

registerProcessor(PLAYBACK_PROCESSOR, PlaybackProcessor);
