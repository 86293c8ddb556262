import type { AudioChunk } from "../../shared/audio.ts";
import type { Segment } from "./speech-planner.ts";

/** A chunk with the segment it says, and how many of that segment's words come before it (a long one is several). */
export interface SpokenChunk {
  readonly chunk: AudioChunk;
  readonly segment: Segment;
  readonly wordsBefore: number;
}

/**
 * How many characters of the reply were heard when the player had played `playedSamples`: up to the end of the last
 * word that was played whole, with what stands between the words before it. 0 when none was.
 */
export function heardCharacters(spoken: readonly SpokenChunk[], playedSamples: number): number {
  let heard = 0;
  for (const { chunk, segment, wordsBefore } of spoken) {
    const playedOfChunk = playedSamples - chunk.startSample;
    const words = chunk.words.filter((word) => word.endSample <= playedOfChunk).length;
    if (words === 0) break;
    // The voice and the planner split at the same spaces; should they ever differ, nothing unheard is counted twice.
    heard = segment.wordEnds[wordsBefore + words - 1] ?? segment.sourceEnd;
  }
  return heard;
}
