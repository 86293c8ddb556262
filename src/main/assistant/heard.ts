import type { AudioChunk } from "../../shared/audio.ts";
import type { Segment } from "./speech-planner.ts";

/** A chunk with the segment it says, and how many of that segment's words come before it (a long one is several). */
export interface SpokenChunk {
  readonly chunk: AudioChunk;
  readonly segment: Segment;
  readonly wordsBefore: number;
}

/**
 * How many characters of `reply` were heard when the player had played `playedSamples`: up to the end of the last word
 * that was played whole. 0 when none was.
 */
export function heardCharacters(
  reply: string,
  spoken: readonly SpokenChunk[],
  playedSamples: number,
): number {
  let heard = 0;
  for (const { chunk, segment, wordsBefore } of spoken) {
    const playedOfChunk = playedSamples - chunk.startSample;
    if (playedOfChunk <= 0) break;
    const words = chunk.words.filter((word) => word.endSample <= playedOfChunk).length;
    if (words === 0) break;
    heard =
      segment.sourceStart +
      endOfWord(reply.slice(segment.sourceStart, segment.sourceEnd), wordsBefore + words);
  }
  return heard;
}

/** Where the `count`th word of `text` ends, its punctuation included. */
function endOfWord(text: string, count: number): number {
  let end = 0;
  let words = 0;
  for (const match of text.matchAll(/\S+/gu)) {
    if (/[\p{L}\p{N}]/u.test(match[0])) words++;
    if (words > count) break;
    end = match.index + match[0].length;
  }
  return end;
}
