import type { TimedWord } from "../../../shared/audio.ts";

/**
 * Milliseconds a phoneme symbol adds at normal speed, by least squares over 588 sentences of the demo model (total
 * length within 5 %; the same length for every symbol gives 9 %). Only their ratios matter here.
 */
const symbolMs: readonly (readonly [symbols: RegExp, ms: number])[] = [
  [/[AIOQWY]/u, 110],
  [/[aeiouyɑɐɒæɔəɚɛɜɨɪɯʊʌɤøœᵻᵊ]/u, 40],
  [/ː/u, 15],
  [/ˈ/u, 70],
  [/ˌ/u, 25],
  [/[pbtdkɡqcɟʔɾʈɖʤʧʣʦʥʨ]/u, 75],
  [/[mnŋɲɳɴlɹrjwɥʎɻɽʋʁ]/u, 55],
  [/[;:,.!?—…]/u, 250],
  [/ /u, 50],
  [/[\p{Ll}\p{Lo}]/u, 80],
];

/** What a written character is likely to add: only used to find which phonemes are whose. */
const characterMs: readonly (readonly [characters: RegExp, ms: number])[] = [
  [/\p{Nd}/u, 350],
  [/[$£€¥%&@#+=]/u, 350],
  [/[;:,.!?—…]/u, 250],
  [/[\p{Script=Han}]/u, 250],
  [/[\p{Script=Hiragana}\p{Script=Katakana}]/u, 130],
  [/\p{L}/u, 75],
];

/** Cost of ending a word where the phonemes have no gap: espeak joins words ("ˌʌvðə"), but not often. */
const NO_GAP_MS = 120;
/** Cost of punctuation on one side only: in the text, or in the phonemes. */
const MARK_MISMATCH_MS = 400;
/** How far a word's end may lie from where the text's proportions put it. */
const WINDOW_MS = 600;
const WINDOW_SHARE = 0.1;

/**
 * Estimates when each word of `text` (split at white space) is said within `speechSamples`. Kokoro does not tell how
 * long its phonemes are: every phoneme gets its usual length, and the words are laid over the phonemes so that they fit
 * best. The words follow each other without holes from 0 to `speechSamples`; a pause belongs to the word before it.
 * Where the demo voices pause (the only word ends one can hear), the estimate is off by 60 ms on average.
 */
export function timeWords(text: string, phonemes: string, speechSamples: number): TimedWord[] {
  const words = text.split(/\s+/u).filter(Boolean);
  if (words.length === 0) return [];
  const at = elapsedAt(phonemes);
  const totalMs = at.at(-1)!;
  const ends = wordEnds(words, phonemes, at);
  const samplesAt = (end: number): number =>
    totalMs === 0 ? speechSamples : Math.round((at[end]! / totalMs) * speechSamples);
  return words.map((word, i) => ({
    text: word,
    startSample: i === 0 ? 0 : samplesAt(ends[i - 1]!),
    endSample: i === words.length - 1 ? speechSamples : samplesAt(ends[i]!),
  }));
}

/** Time before each symbol, and after the last. Marks at the very end are silence that was trimmed. */
function elapsedAt(phonemes: string): number[] {
  const soundsEnd = phonemes.search(/[^\p{L}]*$/u);
  const at = [0];
  for (let i = 0; i < phonemes.length; i++)
    at.push(at[i]! + (i < soundsEnd ? msOf(phonemes[i]!, symbolMs) : 0));
  return at;
}

/**
 * For each word the index of the symbol after its last one: the monotone choice of least cost, where a word costs the
 * difference between its expected and its real length and its end costs by what is found there.
 */
function wordEnds(words: readonly string[], phonemes: string, at: readonly number[]): number[] {
  const totalMs = at.at(-1)!;
  const raw = words.map((word) =>
    Array.from(word).reduce((sum, character) => sum + msOf(character, characterMs), 0),
  );
  const scale =
    totalMs /
    Math.max(
      1,
      raw.reduce((sum, ms) => sum + ms, 0),
    );
  const windowMs = WINDOW_MS + WINDOW_SHARE * totalMs;
  let reached = new Map<number, { cost: number; path: Path | undefined }>([
    [0, { cost: 0, path: undefined }],
  ]);
  let expectedEndMs = 0;
  for (const [i, word] of words.entries()) {
    const expectedMs = raw[i]! * scale;
    expectedEndMs += expectedMs;
    const isLast = i === words.length - 1;
    const next: typeof reached = new Map();
    for (let end = isLast ? phonemes.length : 0; end <= phonemes.length; end++) {
      if (!isLast && Math.abs(at[end]! - expectedEndMs) > windowMs) continue;
      const endCost = isLast ? 0 : costOfEnd(word, phonemes, end);
      let best: { cost: number; path: Path | undefined } | undefined;
      for (const [start, before] of reached) {
        if (start > end) continue;
        const cost = before.cost + Math.abs(at[end]! - at[start]! - expectedMs) + endCost;
        if (!best || cost < best.cost) best = { cost, path: { end, before: before.path } };
      }
      if (best) next.set(end, best);
    }
    reached = next;
  }
  const ends: number[] = [];
  for (let path = reached.get(phonemes.length)?.path; path; path = path.before) ends.unshift(path.end);
  return ends;
}

interface Path {
  readonly end: number;
  readonly before: Path | undefined;
}

function costOfEnd(word: string, phonemes: string, end: number): number {
  const isGap = end === 0 || end === phonemes.length || phonemes[end - 1] === " ";
  const isMarkedInText = /[;:,.!?—…]["'”’)\]]*$/u.test(word);
  const isMarkedInSound = /[;:,.!?—…]["”)]* ?$/u.test(phonemes.slice(Math.max(0, end - 4), end));
  return (isGap ? 0 : NO_GAP_MS) + (isMarkedInText === isMarkedInSound ? 0 : MARK_MISMATCH_MS);
}

function msOf(symbol: string, table: readonly (readonly [RegExp, number])[]): number {
  return table.find(([symbols]) => symbols.test(symbol))?.[1] ?? 0;
}
