import { append, fadeOut, keepFaded, newTrack, nextChunk, rewind, type Track } from "./playback-track.ts";

/** A sample louder than −60 dBFS counts as sound: what separates speech from the silence a chunk may start with. */
const SILENCE_AMPLITUDE = 1e-3;
/** Late messages of this many past turns are still recognised as stale. */
const REMEMBERED_TURNS = 64;

export interface PlaybackQueueOptions {
  /** Speech starts once this many samples are queued (or the turn is complete). 0 starts with the first chunk. */
  readonly startGateSamples: number;
  /** Shortest ramp from silence or to another gain, where the waveform is cut. A turn's start is never ramped: it plays as it was made. */
  readonly fadeInSamples: number;
  /** Upper bound of the ramp to silence, whatever `stop` or `setGain` ask for. */
  readonly maxFadeOutSamples: number;
}

export type EndCause = "played" | "stopped" | "superseded";

/** What is told of a turn that ended. Frames are those given to `render`, counted on. */
export interface Ending {
  readonly playedSamples: number;
  readonly underruns: number;
  /** Where it ended. */
  readonly frame: number;
  /** The frame after the last one that sounded; null when none did. */
  readonly silentFrame: number | null;
  readonly cause: EndCause;
}

/** Told while `render` runs, a few times a turn. */
export interface PlaybackListener {
  firstSound(turnId: string, frame: number): void;
  /** The turn has fallen silent and keeps its place; `frame` is the first silent one. */
  held(turnId: string, frame: number): void;
  ended(turnId: string, ending: Ending): void;
}

/**
 * Plays the chunks of one turn after another without a gap between them, and nothing else: no clock, no messages, no
 * allocation while rendering. Every sample goes out unchanged except under a ramp or while it is ducked.
 */
export class PlaybackQueue {
  readonly #options: PlaybackQueueOptions;
  readonly #listener: PlaybackListener;
  readonly #tracks: Track[] = [];
  readonly #closedTurns = new Set<string>();
  /** A gain that came before anything of its turn. */
  #early: { readonly turnId: string; readonly gain: number } | null = null;
  #frame = 0;

  constructor(options: PlaybackQueueOptions, listener: PlaybackListener) {
    this.#options = options;
    this.#listener = listener;
  }

  /** The turn being played or waited for, if any. */
  get turnId(): string | null {
    return this.#tracks[0]?.turnId ?? null;
  }

  /** Samples of the current turn that were heard: those faded away before a hold or a stop are not among them. */
  get playedSamples(): number {
    return this.#tracks[0]?.played ?? 0;
  }

  /** Gaps heard in the current turn. */
  get underruns(): number {
    return this.#tracks[0]?.underruns ?? 0;
  }

  /** Whether the current turn has begun to sound and has not ended: its gaps, if any, belong to the output. */
  get isRunning(): boolean {
    const state = this.#tracks[0]?.state;
    return state !== undefined && state !== "gated";
  }

  /**
   * Queues a chunk behind what is there. False (and dropped) when the turn was stopped or has ended. A start gate
   * holds for the turn until it has begun to sound.
   */
  push(turnId: string, pcm: Float32Array, startGateSamples?: number): boolean {
    if (this.#closedTurns.has(turnId)) return false;
    const track = this.#trackOf(turnId);
    if (track.isComplete) return false;
    append(track, pcm);
    if (startGateSamples !== undefined) track.startGateSamples = startGateSamples;
    return true;
  }

  /** Nothing of this turn follows. */
  complete(turnId: string): void {
    if (!this.#closedTurns.has(turnId)) this.#trackOf(turnId).isComplete = true;
  }

  /** Ramps to silence and drops the rest of the turn, now and whatever of it still arrives. */
  stop(turnId: string, fadeSamples: number): void {
    const index = this.#tracks.findIndex((track) => track.turnId === turnId);
    const track = this.#tracks[index];
    if (!track) {
      this.#close(turnId);
    } else if (index === 0 && this.#canFade(track)) {
      fadeOut(track, "stopping", this.#fadeOutSamples(track, fadeSamples));
    } else if (track.state !== "stopping") {
      this.#finish(index, this.#frame, "stopped");
    }
  }

  /**
   * Ramps to `gain`, a factor in [0, 1]. At 0 the turn keeps its place: given a gain again, it goes on under a ramp with
   * the sample at which it began to fade, so that nothing said is lost.
   */
  setGain(turnId: string, gain: number, fadeSamples: number): void {
    if (this.#closedTurns.has(turnId)) return;
    const index = this.#tracks.findIndex((track) => track.turnId === turnId);
    const track = this.#tracks[index];
    if (!track) this.#early = { turnId, gain };
    if (!track || track.state === "stopping" || track.gain === gain) return;
    track.gain = gain;
    if (gain > 0) this.#release(track, fadeSamples);
    else if (index === 0 && this.#canFade(track)) {
      fadeOut(track, "holding", this.#fadeOutSamples(track, fadeSamples));
    } else if (index === 0 && track.state !== "gated") {
      track.state = "starved";
      this.#listener.held(turnId, this.#frame);
    }
  }

  /** Fills `output` with the next samples, silence where there are none; its first one is `frame` of the output. */
  render(output: Float32Array, frame: number): void {
    this.#frame = frame;
    output.fill(0);
    let at = 0;
    for (let track = this.#tracks[0]; track && at < output.length; track = this.#tracks[0]) {
      at = this.#renderTrack(track, output, at);
    }
    this.#frame = frame + output.length;
  }

  /** Whether there is sound to be ramped down. */
  #canFade({ state, queued }: Track): boolean {
    return (state === "playing" || state === "holding") && queued > 0;
  }

  #fadeOutSamples(track: Track, samples: number): number {
    return Math.max(1, Math.min(samples, this.#options.maxFadeOutSamples, track.queued));
  }

  /** Lets a track sound that was held, or changes its loudness. */
  #release(track: Track, fadeSamples: number): void {
    const { fade, gain } = track;
    if (track.state === "held") {
      rewind(track);
      fade.jumpTo(0);
    } else if (track.state === "holding") {
      // It has not fallen silent yet: going on is smoother than going back.
      keepFaded(track);
    }
    if (track.state === "playing") fade.moveTo(gain, Math.max(fadeSamples, this.#options.fadeInSamples));
    else fade.jumpTo(gain);
  }

  /** Renders one track from frame `at` of the block; returns where it left off: the block's end, or its own. */
  #renderTrack(track: Track, output: Float32Array, at: number): number {
    if (track.queued === 0 && track.state !== "held") {
      if (track.state === "playing" && !track.isComplete) track.state = "starved";
      return this.#waitOrFinish(track, output.length, at);
    }
    if (track.gain === 0 && track.state !== "holding" && track.state !== "stopping") {
      return this.#keepPlace(output.length, at);
    }
    if (track.state === "gated") {
      if (!track.isComplete && track.queued < track.startGateSamples) return output.length;
      track.state = "playing";
    }
    if (track.state === "starved") this.#resumeAfterUnderrun(track);
    const end = this.#copy(track, output, at);
    if (track.state === "stopping" && !track.fade.isMoving) {
      this.#finish(0, this.#frame + end, "stopped");
    } else if (track.state === "holding" && !track.fade.isMoving) {
      track.state = "held";
      this.#listener.held(track.turnId, this.#frame + end);
    } else if (track.queued === 0 && track.isComplete) this.#finish(0, this.#frame + end, "played");
    return end;
  }

  #waitOrFinish(track: Track, blockEnd: number, at: number): number {
    if (track.isComplete) this.#finish(0, this.#frame + at, "played");
    // A turn that was never completed must not hold back the one behind it for ever.
    else if (this.#tracks.length > 1) this.#finish(0, this.#frame + at, "superseded");
    else return blockEnd;
    return at;
  }

  /** A turn that is held gives way to the next one, as one that waits for its chunks does. */
  #keepPlace(blockEnd: number, at: number): number {
    if (this.#tracks.length === 1) return blockEnd;
    this.#finish(0, this.#frame + at, "superseded");
    return at;
  }

  /** Counted only here: when the end of the turn merely arrives late, there was no gap to hear. */
  #resumeAfterUnderrun(track: Track): void {
    track.state = "playing";
    track.underruns += 1;
    track.fade.jumpTo(0);
    track.fade.moveTo(track.gain, this.#options.fadeInSamples);
  }

  #copy(track: Track, output: Float32Array, start: number): number {
    const { fade } = track;
    const isFading = track.state === "stopping" || track.state === "holding";
    let at = start;
    while (at < output.length && track.queued > 0) {
      if (isFading && !fade.isMoving) break;
      const chunk = track.chunks[track.head]!;
      if (track.offset >= chunk.length) {
        nextChunk(track, isFading);
        continue;
      }
      const sample = chunk[track.offset]!;
      track.offset += 1;
      track.queued -= 1;
      if (!isFading) track.played += 1;
      if (!track.hasSounded && Math.abs(sample) > SILENCE_AMPLITUDE) {
        track.hasSounded = true;
        this.#listener.firstSound(track.turnId, this.#frame + at);
      }
      output[at] = fade.isUnity ? sample : sample * fade.next();
      at += 1;
    }
    if (at > start) track.silentFrame = this.#frame + at;
    return at;
  }

  #trackOf(turnId: string): Track {
    const known = this.#tracks.find((track) => track.turnId === turnId);
    if (known) return known;
    const gain = this.#early?.turnId === turnId ? this.#early.gain : 1;
    const track = newTrack(turnId, gain, this.#options.startGateSamples);
    this.#tracks.push(track);
    return track;
  }

  #finish(index: number, frame: number, cause: EndCause): void {
    const [track] = this.#tracks.splice(index, 1);
    if (!track) return;
    this.#close(track.turnId);
    const { turnId, played: playedSamples, underruns, silentFrame } = track;
    this.#listener.ended(turnId, { playedSamples, underruns, frame, silentFrame, cause });
  }

  #close(turnId: string): void {
    this.#closedTurns.add(turnId);
    const [oldest] = this.#closedTurns;
    if (this.#closedTurns.size > REMEMBERED_TURNS && oldest !== undefined) this.#closedTurns.delete(oldest);
  }
}
