import type { PlayerAudio } from "../../shared/app-contract.ts";

/** A spoken word: where it lies in the reply (characters) and in the turn's speech (samples). */
export interface CaptionWord {
  readonly replyStart: number;
  readonly replyEnd: number;
  readonly startSample: number;
  readonly endSample: number;
}

/** What of a chunk of speech the captions need. */
export type CaptionedChunk = Pick<PlayerAudio, "words" | "startSample" | "replyStart" | "replyEnd">;

/**
 * Finds the words of a chunk in the reply's own text. Speech may say more than the text shows ("3.5" is several words)
 * or skip its markup; a word that cannot be found shares the place of the text that follows the one before it.
 */
export function captionWords(chunk: CaptionedChunk, reply: string): CaptionWord[] {
  const text = reply.slice(chunk.replyStart, chunk.replyEnd).toLowerCase();
  let cursor = 0;
  return chunk.words.map(({ text: spoken, startSample, endSample }) => {
    const [from, to] = placeOf(spoken.toLowerCase(), text, cursor);
    cursor = to;
    return {
      replyStart: chunk.replyStart + from,
      replyEnd: chunk.replyStart + to,
      startSample: chunk.startSample + startSample,
      endSample: chunk.startSample + endSample,
    };
  });
}

/** How far ahead a word is looked for: further away it is more likely the same word said again later. */
const LOOKAHEAD_CHARACTERS = 48;

function placeOf(spoken: string, text: string, cursor: number): [number, number] {
  const found = spoken === "" ? -1 : text.indexOf(spoken, cursor);
  if (found >= 0 && found - cursor <= LOOKAHEAD_CHARACTERS) return [found, found + spoken.length];
  const next = /\S+/.exec(text.slice(cursor));
  if (!next) return [cursor, cursor];
  const from = cursor + next.index;
  return [from, from + next[0].length];
}

/**
 * Index, over all chunks, of the word that sounds at `sample` of the turn, or of the last one before it; −1 before the
 * first.
 */
export function wordAt(chunks: readonly CaptionedChunk[], sample: number): number {
  let index = -1;
  for (const { startSample, words } of chunks) {
    if (startSample > sample) break;
    for (const word of words) {
      if (startSample + word.startSample > sample) return index;
      index += 1;
    }
  }
  return index;
}
