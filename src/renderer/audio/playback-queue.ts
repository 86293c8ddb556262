/** A sample louder than −60 dBFS counts as sound: what separates speech from the silence a chunk may start with. */
const SILENCE_AMPLITUDE = 1e-3;
/** Late messages of this many past turns are still recognised as stale. */
const REMEMBERED_TURNS = 64;

export interface PlaybackQueueOptions {
  /** Speech starts once this many samples are queued (or the turn is complete). 0 starts with the first chunk. */
  readonly startGateSamples: number;
  /** Ramp after an underrun, where the waveform was cut off. A turn's start is never ramped: it plays as it was made. */
  readonly fadeInSamples: number;
  /** Upper bound of the ramp to silence, whatever `stop` asks for. */
  readonly maxFadeOutSamples: number;
}

export type EndCause = "played" | "stopped" | "superseded";

/** Told while `render` runs, a few times a turn. `frameOffset` is the frame of the block being rendered. */
export interface PlaybackListener {
  firstSound(turnId: string, frameOffset: number): void;
  ended(turnId: string, playedSamples: number, underruns: number, frameOffset: number, cause: EndCause): void;
}

type TrackState = "gated" | "playing" | "starved" | "fading";

interface Track {
  readonly turnId: string;
  readonly chunks: Float32Array[];
  /** Chunk and sample to be played next. */
  head: number;
  offset: number;
  queued: number;
  played: number;
  underruns: number;
  isComplete: boolean;
  hasSounded: boolean;
  state: TrackState;
  /** Position and length of the ramp in progress; length 0 for none. */
  rampAt: number;
  rampLength: number;
  /** Gain a ramp to silence begins at: below 1 when it cuts a ramp up short. */
  rampFrom: number;
}

/**
 * Plays the chunks of one turn after another without a gap between them, and nothing else: no clock, no messages, no
 * allocation while rendering. Every sample goes out unchanged except under a ramp (see the options).
 */
export class PlaybackQueue {
  readonly #options: PlaybackQueueOptions;
  readonly #listener: PlaybackListener;
  readonly #tracks: Track[] = [];
  readonly #closedTurns = new Set<string>();

  constructor(options: PlaybackQueueOptions, listener: PlaybackListener) {
    this.#options = options;
    this.#listener = listener;
  }

  /** The turn being played or waited for, if any. */
  get turnId(): string | null {
    return this.#tracks[0]?.turnId ?? null;
  }

  /** Samples of the current turn that have gone out at full volume. */
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

  /** Queues a chunk behind what is there. False (and dropped) when the turn was stopped or has ended. */
  push(turnId: string, pcm: Float32Array): boolean {
    if (this.#closedTurns.has(turnId)) return false;
    const track = this.#trackOf(turnId);
    if (track.isComplete) return false;
    track.chunks.push(pcm);
    track.queued += pcm.length;
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
    } else if (index === 0 && track.state === "playing") {
      track.state = "fading";
      track.rampFrom = track.rampLength > 0 ? raisedCosine(track.rampAt / track.rampLength) : 1;
      track.rampAt = 0;
      track.rampLength = Math.max(1, Math.min(fadeSamples, this.#options.maxFadeOutSamples, track.queued));
    } else if (track.state !== "fading") {
      this.#finish(index, 0, "stopped");
    }
  }

  /** Fills `output` with the next samples; silence where there are none. */
  render(output: Float32Array): void {
    output.fill(0);
    let at = 0;
    for (let track = this.#tracks[0]; track && at < output.length; track = this.#tracks[0]) {
      at = this.#renderTrack(track, output, at);
    }
  }

  /** Renders one track from frame `at`; returns where it left off: the block's end, or where the track finished. */
  #renderTrack(track: Track, output: Float32Array, at: number): number {
    if (track.state === "gated" || track.state === "starved") {
      if (track.queued === 0) return this.#waitOrFinish(track, output.length, at);
      const isReady = track.isComplete || track.queued >= this.#options.startGateSamples;
      if (track.state === "gated" && !isReady) return output.length;
      if (track.state === "starved") this.#resumeAfterUnderrun(track);
      track.state = "playing";
    }
    const end = this.#copy(track, output, at);
    if (track.state === "fading" && track.rampAt >= track.rampLength) {
      this.#finish(0, end, "stopped");
    } else if (track.queued === 0) {
      if (track.isComplete) this.#finish(0, end, "played");
      else if (end < output.length) track.state = "starved";
    }
    return end;
  }

  #waitOrFinish(track: Track, blockEnd: number, at: number): number {
    if (track.isComplete) this.#finish(0, at, "played");
    // A turn that was never completed must not hold back the one behind it for ever.
    else if (this.#tracks.length > 1) this.#finish(0, at, "superseded");
    else return blockEnd;
    return at;
  }

  /** Counted only here: when the end of the turn merely arrives late, there was no gap to hear. */
  #resumeAfterUnderrun(track: Track): void {
    track.underruns += 1;
    track.rampAt = 0;
    track.rampLength = this.#options.fadeInSamples;
  }

  #copy(track: Track, output: Float32Array, start: number): number {
    const isFading = track.state === "fading";
    let at = start;
    while (at < output.length && track.queued > 0) {
      if (isFading && track.rampAt >= track.rampLength) break;
      const chunk = track.chunks[track.head]!;
      if (track.offset >= chunk.length) {
        this.#dropChunk(track);
        continue;
      }
      const sample = chunk[track.offset]!;
      track.offset += 1;
      track.queued -= 1;
      if (!isFading) track.played += 1;
      if (!track.hasSounded && Math.abs(sample) > SILENCE_AMPLITUDE) {
        track.hasSounded = true;
        this.#listener.firstSound(track.turnId, at);
      }
      output[at] = track.rampLength > 0 ? sample * this.#gain(track, isFading) : sample;
      at += 1;
    }
    return at;
  }

  #gain(track: Track, isFading: boolean): number {
    const progress = (track.rampAt + 1) / track.rampLength;
    track.rampAt += 1;
    if (!isFading && track.rampAt >= track.rampLength) track.rampLength = 0;
    return isFading ? track.rampFrom * raisedCosine(1 - progress) : raisedCosine(progress);
  }

  #dropChunk(track: Track): void {
    track.head += 1;
    track.offset = 0;
    // Played chunks are let go in batches: shifting the array one by one would copy it each time.
    if (track.head >= 16) {
      track.chunks.copyWithin(0, track.head);
      track.chunks.length -= track.head;
      track.head = 0;
    }
  }

  #trackOf(turnId: string): Track {
    const known = this.#tracks.find((track) => track.turnId === turnId);
    if (known) return known;
    const track: Track = {
      turnId,
      chunks: [],
      head: 0,
      offset: 0,
      queued: 0,
      played: 0,
      underruns: 0,
      isComplete: false,
      hasSounded: false,
      state: "gated",
      rampAt: 0,
      rampLength: 0,
      rampFrom: 1,
    };
    this.#tracks.push(track);
    return track;
  }

  #finish(index: number, frameOffset: number, cause: EndCause): void {
    const [track] = this.#tracks.splice(index, 1);
    if (!track) return;
    this.#close(track.turnId);
    this.#listener.ended(track.turnId, track.played, track.underruns, frameOffset, cause);
  }

  #close(turnId: string): void {
    this.#closedTurns.add(turnId);
    const [oldest] = this.#closedTurns;
    if (this.#closedTurns.size > REMEMBERED_TURNS && oldest !== undefined) this.#closedTurns.delete(oldest);
  }
}

/** From 0 to 1 without a corner at either end, so that a ramp does not click. */
function raisedCosine(progress: number): number {
  return 0.5 - 0.5 * Math.cos(Math.PI * progress);
}
