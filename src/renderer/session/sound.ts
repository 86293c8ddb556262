import type { PlayerAudio } from "../../shared/app-contract.ts";
import type { Settings } from "../../shared/settings.ts";
import { wordAt } from "../audio/captions.ts";
import { playEarcon, type Earcon } from "../audio/earcons.ts";
import { Player, type PlayedReport } from "../audio/player.ts";
import { AudioRecorder } from "../audio/tap.ts";
import type { Link } from "../bridge/link.ts";
import type { CaptionsState, Stores } from "../stores/stores.ts";

/** How far the reply has been heard, for the overlay window, which does not play. */
type HeardMessage = Pick<CaptionsState, "turnId" | "wordIndex" | "hasEnded">;
const HEARD_CHANNEL = "parley.heard";
const TONE_PREFIX = "tone-";

export interface SoundOptions {
  readonly link: Link;
  readonly stores: Stores;
  readonly warn: (message: string) => void;
  /** Records what is played, for tests (`window.parleyTap`). */
  readonly tap: boolean;
  /** False in the overlay: it shows captions but leaves the sound to the main window. */
  readonly isAudible: boolean;
}

/** Everything heard: the player with its reports to main, the captions that follow it, and the earcons. */
export class Sound implements Disposable {
  readonly #options: SoundOptions;
  readonly #player: Player;
  readonly #channel = new BroadcastChannel(HEARD_CHANNEL);
  readonly #recorder: AudioRecorder | undefined;
  /** What waits for the end of a tone, by its id. */
  readonly #tones = new Map<string, () => void>();
  #rateHz = 0;
  #outputLatencyMs = 0;
  #earcons = { isOn: true, volume: 1 };

  constructor(options: SoundOptions) {
    this.#options = options;
    const { player } = options.stores;
    if (options.tap) {
      this.#recorder = new AudioRecorder();
      window.parleyTap = this.#recorder;
    }
    this.#player = new Player(
      {
        played: (report) => this.#onPlayed(report),
        stopped: (_turnId, stopToSilenceMs) => player.setState({ stopToSilenceMs }),
        blocked: (isBlocked) => player.setState({ isBlocked }),
        outputLost: (error) => options.warn(error.message),
        tapped: (turnId, samples) => this.#recorder?.render(turnId, samples),
      },
      { tap: options.tap },
    );
    if (!options.isAudible) {
      this.#channel.addEventListener("message", ({ data }: MessageEvent<HeardMessage>) => {
        if (data.turnId === options.stores.captions.getState().turnId) options.stores.captions.setState(data);
      });
    }
  }

  /** Takes the parts of the settings that are heard. */
  configure({ audio, appearance }: Settings): void {
    this.#player.setVolume(audio.volume);
    this.#player.setDevice(audio.outputDeviceId);
    this.#earcons = { isOn: appearance.earcons, volume: audio.volume };
  }

  wake(): void {
    if (this.#options.isAudible && this.#isOwner) void this.#player.wake();
  }

  earcon(earcon: Earcon): void {
    if (!this.#earcons.isOn || !this.#options.isAudible || !this.#isOwner) return;
    void this.#player.context().then((context) => playEarcon(context, earcon, this.#earcons.volume));
  }

  play(audio: PlayerAudio): void {
    const { captions } = this.#options.stores;
    const { turnId, startSample, replyStart, replyEnd, words } = audio;
    const chunk = { startSample, replyStart, replyEnd, words };
    captions.setState((state) =>
      state.turnId === turnId
        ? { chunks: [...state.chunks, chunk] }
        : { turnId, chunks: [chunk], wordIndex: -1, hasEnded: false },
    );
    this.#rateHz = audio.sampleRate;
    if (!this.#options.isAudible || !this.#isOwner) return;
    this.#recorder?.receive(audio);
    this.#player.play(audio);
  }

  /** Plays a sound of this page's own on the way that answers take; resolves when it was played or given up. */
  playTone(pcm: Float32Array<ArrayBuffer>, sampleRate: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const turnId = `${TONE_PREFIX}${crypto.randomUUID()}`;
    this.#tones.set(turnId, resolve);
    this.#player.play({ turnId, sampleRate, pcm });
    this.#player.complete(turnId);
    return promise;
  }

  complete(turnId: string): void {
    if (this.#options.isAudible) this.#player.complete(turnId);
  }

  stop(turnId: string, fadeMs: number): void {
    if (this.#options.isAudible) this.#player.stop(turnId, fadeMs);
  }

  /** Holds a turn (gain 0), ducks it, or lets it go on at full loudness (1). */
  setGain(turnId: string, gain: number, fadeMs: number): void {
    if (this.#options.isAudible && this.#isOwner) this.#player.setGain(turnId, gain, fadeMs);
  }

  [Symbol.dispose](): void {
    this.#player[Symbol.dispose]();
    this.#channel.close();
  }

  get #isOwner(): boolean {
    return this.#options.stores.connection.getState().ownsAudio;
  }

  #onPlayed(report: PlayedReport): void {
    const endTone = this.#tones.get(report.turnId);
    if (endTone) {
      // No business of main's, which never sent it.
      if (report.ended && this.#tones.delete(report.turnId)) endTone();
      return;
    }
    const { link, stores } = this.#options;
    const { clockOffsetMs } = stores.connection.getState();
    link.notify("player.played", onMainsClock(report, clockOffsetMs));
    const { turnId, playedSamples, underruns } = report;
    stores.player.setState({ turnId, playedSamples, underruns });
    this.#outputLatencyMs = report.outputLatencyMs ?? this.#outputLatencyMs;
    this.#moveCaptions(report);
  }

  /** What has left the worklet is heard only after the output's latency. */
  #moveCaptions(report: PlayedReport): void {
    const { captions } = this.#options.stores;
    const { turnId, chunks, wordIndex, hasEnded } = captions.getState();
    if (turnId !== report.turnId) return;
    const hasEndedNow = hasEnded || report.ended === true;
    const heardSample = report.playedSamples - (this.#outputLatencyMs / 1000) * this.#rateHz;
    const next = Math.max(wordIndex, wordAt(chunks, report.ended ? report.playedSamples : heardSample));
    if (next === wordIndex && hasEnded === hasEndedNow) return;
    captions.setState({ wordIndex: next, hasEnded: hasEndedNow });
    const message: HeardMessage = { turnId, wordIndex: next, hasEnded: hasEndedNow };
    this.#channel.postMessage(message);
  }
}

/** Main compares the times of a report with its own. */
function onMainsClock(report: PlayedReport, offsetMs: number): PlayedReport {
  const { firstHeardAtMs, firstReceivedAtMs, silentAtMs } = report;
  return {
    ...report,
    ...(firstHeardAtMs === undefined ? {} : { firstHeardAtMs: firstHeardAtMs + offsetMs }),
    ...(firstReceivedAtMs === undefined ? {} : { firstReceivedAtMs: firstReceivedAtMs + offsetMs }),
    ...(silentAtMs === undefined ? {} : { silentAtMs: silentAtMs + offsetMs }),
  };
}
