import { SPEAK_RATE_HZ } from "../../../shared/audio.ts";
import type { TimedWord } from "../../../shared/audio.ts";
import type { Stretch } from "./silence.ts";

/**
 * Milliseconds of a phoneme symbol at normal speed: means over 588 sentences of the demo model, whose graph computes
 * them inside. Length and stress are in the vowels that bear them. Only the ratios matter here.
 */
const symbolMs: readonly (readonly [symbols: RegExp, ms: number])[] = [
  [/[AIOQWY]/u, 160],
  [/[ɜɑɔ]/u, 145],
  [/[uɛæiʌɒyøœɯ]/u, 110],
  [/[aeoəɐɪʊɚɨɤᵻᵊ]/u, 85],
  [/[ˈˌ]/u, 15],
  [/[mnŋɲɳɴwjɥʎ]/u, 92],
  [/[ptkbdɡqcɟʔɾʈɖðlɹrɻɽʋʁ]/u, 56],
  [/[;:—….]/u, 280],
  [/,/u, 205],
  [/[!?]/u, 120],
  [/ /u, 8],
  [/[\p{Ll}\p{Lo}]/u, 83],
];

/** A mark with a pause at the end of a word, before quotes and brackets that close there. */
const markAtEnd = /[;:,.!?—…]["'”’)\]]*$/u;

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
/** Cost of a gap inside a word: numbers and abbreviations are said as several words, others are not. */
const INNER_GAP_MS = 120;
/** Cost of punctuation on one side only: in the text, or in the phonemes. */
const MARK_MISMATCH_MS = 400;
/** How far a word's end may lie from where the text's proportions put it. */
const WINDOW_MS = 600;
const WINDOW_SHARE = 0.1;

/** How far a pause that is heard may lie from the estimated end of a word with a mark to be its pause. */
const ANCHOR_SAMPLES = (300 * SPEAK_RATE_HZ) / 1000;

/**
 * Estimates when each word of `text` (split at white space) is said within `speechSamples`. Kokoro does not tell how
 * long its phonemes are: every phoneme gets its usual length, the words are laid over the phonemes so that they fit
 * best, and words that end with a mark are moved to the `pauses` one can hear. The words follow each other without
 * holes from 0 to `speechSamples`; a pause belongs to the word before it.
 * Against the durations inside the demo model (1242 words): 65 ms off on average, 180 ms at p95 (116 and 344 ms by
 * counting characters).
 */
export function timeWords(
  text: string,
  phonemes: string,
  speechSamples: number,
  pauses: readonly Stretch[] = [],
): TimedWord[] {
  const words = text.split(/\s+/u).filter(Boolean);
  if (words.length === 0) return [];
  const at = elapsedAt(phonemes);
  const scale = speechSamples / Math.max(1, at.at(-1)!);
  const estimated = wordEnds(words, phonemes, at).map((end) => at[end]! * scale);
  estimated[words.length - 1] = speechSamples;
  const ends = anchored(words, estimated, pauses);
  return words.map((word, i) => ({
    text: word,
    startSample: i === 0 ? 0 : Math.round(ends[i - 1]!),
    endSample: Math.round(ends[i]!),
  }));
}

/** `ends` with the words before a pause ending where it ends, and what lies between stretched in proportion. */
function anchored(words: readonly string[], ends: readonly number[], pauses: readonly Stretch[]): number[] {
  const moved: number[] = [];
  let from = { estimated: 0, real: 0 };
  let left = [...pauses];
  for (const [i, end] of ends.entries()) {
    const isFinal = i === ends.length - 1;
    const pause = markAtEnd.test(words[i]!) ? nearest(left, end) : undefined;
    if (!pause && !isFinal) continue;
    const to = { estimated: end, real: isFinal || !pause ? end : pause.end };
    const stretch = (to.real - from.real) / Math.max(1, to.estimated - from.estimated);
    while (moved.length < i) moved.push(from.real + (ends[moved.length]! - from.estimated) * stretch);
    moved.push(to.real);
    left = left.filter((other) => other.start >= to.real);
    from = to;
  }
  return moved;
}

function nearest(pauses: readonly Stretch[], end: number): Stretch | undefined {
  const [closest] = pauses.toSorted((a, b) => Math.abs(a.end - end) - Math.abs(b.end - end));
  return closest && Math.abs(closest.end - end) <= ANCHOR_SAMPLES ? closest : undefined;
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
  const gaps = gapsBefore(phonemes);
  const marks = marksBefore(phonemes);
  const windowMs = WINDOW_MS + WINDOW_SHARE * totalMs;
  const size = phonemes.length + 1;
  // Typed arrays and plain loops: a reply's first words wait for this, and a long part has a million pairs.
  let costs = new Float64Array(size).fill(Number.POSITIVE_INFINITY);
  costs[0] = 0;
  let reached = { low: 0, high: 0 };
  const startsOfWords: Int32Array[] = [];
  let expectedEndMs = 0;
  for (const [i, word] of words.entries()) {
    const expectedMs = raw[i]! * scale;
    expectedEndMs += expectedMs;
    const isLast = i === words.length - 1;
    const innerGapMs = /[^\p{L}\p{M}'’-].|\p{Lu}\p{Lu}/u.test(word) ? 0 : INNER_GAP_MS;
    const isMarked = markAtEnd.test(word);
    const nextCosts = new Float64Array(size).fill(Number.POSITIVE_INFINITY);
    const starts = new Int32Array(size);
    const window = isLast ? { low: size - 1, high: size - 1 } : within(at, expectedEndMs, windowMs);
    for (let end = window.low; end <= window.high; end++) {
      const isGap = end === 0 || end === size - 1 || phonemes[end - 1] === " ";
      const endCost = isLast ? 0 : (isGap ? 0 : NO_GAP_MS) + (isMarked === marks[end] ? 0 : MARK_MISMATCH_MS);
      for (let start = reached.low; start <= reached.high && start <= end; start++) {
        const gapCost = innerGapMs * Math.max(0, gaps[end]! - gaps[start]! - 1);
        const cost = costs[start]! + Math.abs(at[end]! - at[start]! - expectedMs) + endCost + gapCost;
        if (cost >= nextCosts[end]!) continue;
        nextCosts[end] = cost;
        starts[end] = start;
      }
    }
    startsOfWords.push(starts);
    costs = nextCosts;
    reached = window;
  }
  const ends: number[] = [];
  let end = size - 1;
  for (const starts of startsOfWords.toReversed()) {
    ends.unshift(end);
    end = starts[end]!;
  }
  return ends;
}

/** The indices of `at`, which rises, that lie at most `windowMs` from `middleMs`. */
function within(at: readonly number[], middleMs: number, windowMs: number): { low: number; high: number } {
  return {
    low: at.findIndex((ms) => Math.abs(ms - middleMs) <= windowMs),
    high: at.findLastIndex((ms) => Math.abs(ms - middleMs) <= windowMs),
  };
}

/** How many words have ended before each symbol, and after the last. */
function gapsBefore(phonemes: string): number[] {
  const gaps = [0];
  for (let i = 0; i < phonemes.length; i++) gaps.push(gaps[i]! + (phonemes[i] === " " ? 1 : 0));
  gaps[phonemes.length]! += 1;
  return gaps;
}

/** Whether a mark stands before each symbol, and before the end: quotes, brackets and one space may follow it. */
function marksBefore(phonemes: string): boolean[] {
  const before = /[;:,.!?—…]["”)]* ?$/u;
  return Array.from({ length: phonemes.length + 1 }, (_, end) =>
    before.test(phonemes.slice(Math.max(0, end - 4), end)),
  );
}

function msOf(symbol: string, table: readonly (readonly [RegExp, number])[]): number {
  return table.find(([symbols]) => symbols.test(symbol))?.[1] ?? 0;
}
