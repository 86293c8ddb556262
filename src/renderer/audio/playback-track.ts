import { Fade } from "./fade.ts";

/** `stopping` and `holding` are ramps to silence; what they let through does not count as played. */
export type TrackState = "gated" | "playing" | "starved" | "stopping" | "holding" | "held";

interface Place {
  /** Chunk and sample to be played next, and how many samples follow. */
  head: number;
  offset: number;
  queued: number;
}

/** The speech of one turn: its chunks, how far they have been played, and how loud. */
export interface Track extends Place {
  readonly turnId: string;
  readonly chunks: Float32Array[];
  /** Where the ramp to silence began. */
  readonly mark: Place;
  played: number;
  underruns: number;
  startGateSamples: number;
  isComplete: boolean;
  hasSounded: boolean;
  /** The frame after the newest one that went out. */
  silentFrame: number | null;
  state: TrackState;
  /** Wanted loudness; 0 holds the track. */
  gain: number;
  readonly fade: Fade;
}

export function newTrack(turnId: string, gain: number, startGateSamples: number): Track {
  return {
    turnId,
    chunks: [],
    head: 0,
    offset: 0,
    queued: 0,
    mark: { head: 0, offset: 0, queued: 0 },
    played: 0,
    underruns: 0,
    startGateSamples,
    isComplete: false,
    hasSounded: false,
    silentFrame: null,
    state: "gated",
    gain,
    fade: new Fade(gain),
  };
}

/** Queues samples, also behind the mark. */
export function append(track: Track, pcm: Float32Array): void {
  track.chunks.push(pcm);
  track.queued += pcm.length;
  track.mark.queued += pcm.length;
}

/** Begins a ramp to silence here, or goes on with the one there is. */
export function fadeOut(track: Track, state: "stopping" | "holding", samples: number): void {
  if (track.state === "playing") copyPlace(track.mark, track);
  track.state = state;
  track.fade.moveTo(0, samples);
}

/** A ramp to silence is taken back while it sounds: what it let through was heard after all. */
export function keepFaded(track: Track): void {
  track.played += track.mark.queued - track.queued;
  track.state = "playing";
}

/** Goes back to where the ramp to silence began. */
export function rewind(track: Track): void {
  copyPlace(track, track.mark);
  track.state = "playing";
}

/** Makes the next chunk the current one. Played ones are let go, except under a ramp that may be taken back. */
export function nextChunk(track: Track, canRewind: boolean): void {
  track.head += 1;
  track.offset = 0;
  // In batches: shifting the array one by one would copy it each time.
  if (track.head < 16 || canRewind) return;
  track.chunks.copyWithin(0, track.head);
  track.chunks.length -= track.head;
  track.head = 0;
}

function copyPlace(to: Place, from: Place): void {
  to.head = from.head;
  to.offset = from.offset;
  to.queued = from.queued;
}
