import { nextBoundary, type BoundaryKind } from "./boundaries.ts";
import { SpeakableText } from "./speakable-text.ts";

/** A piece of the reply that is spoken in one breath. */
export interface Segment {
  readonly index: number;
  /** What the voice says: no markdown, single spaces. */
  readonly text: string;
  /** The characters of the reply it stands for: from the end of the segment before to its own last one. */
  readonly sourceStart: number;
  readonly sourceEnd: number;
  /** For each word of `text` (split at white space): the character of the reply just behind it. */
  readonly wordEnds: readonly number[];
  /** Known to be the last one: nothing follows. False for a last segment that was cut before that was known. */
  readonly isLast: boolean;
}

/** When a segment may end. A sentence boundary always may, once `minWords` are there. */
export interface SegmentRule {
  readonly minWords: number;
  /** At a comma, colon or dash from this many words on. */
  readonly clauseWords: number;
  /** Between two words from this many on, if the last one can carry a pause. */
  readonly wordWords: number;
}

/** A place where the open segment could end, and what it would be then. */
export interface SegmentCandidate {
  readonly kind: BoundaryKind;
  /** Speakable characters. */
  readonly characters: number;
}

/** The rule for the segment of this index, and for ending it here: the lever of a deadline-based planner. */
export type SegmentPolicy = (index: number, candidate?: SegmentCandidate) => SegmentRule;

/**
 * A short beginning, because nothing sounds before it is complete; then clauses, then whole sentences, whose melody a
 * voice model can only find when it sees them whole.
 */
export const defaultPolicy: SegmentPolicy = (index) => {
  if (index === 0) return { minWords: 1, clauseWords: 2, wordWords: 4 };
  if (index === 1) return { minWords: 2, clauseWords: 4, wordWords: 12 };
  return { minWords: 3, clauseWords: 10, wordWords: 28 };
};

/** Kokoro takes 510 phonemes; English makes about 1.1 of a letter, other languages fewer. */
const MAX_CHARACTERS = 300;

/** Words that lean on the next one: a pause behind them sounds like a mistake. */
const leaning: ReadonlySet<string> = new Set(
  (
    "a an the this that these those my your his her its our their some any no every each and or but nor so yet if as " +
    "than because while when where which who whose whom what how of to in on at by for from with without into onto " +
    "over under between about after before during through is are was were be been being am do does did have has had " +
    "can could will would shall should may might must not very more most less too i you he she we they it there " +
    "plus minus times mr mrs ms dr prof"
  ).split(" "),
);

/**
 * Cuts a token stream into speakable segments (R3). Pure: deltas in, segments out as soon as each is certain. However
 * the text is cut into deltas, joining all segments with spaces gives `toSpeakable` of the whole reply.
 */
export class SpeechPlanner {
  readonly #policy: SegmentPolicy;
  readonly #speakable = new SpeakableText();
  #index = 0;
  /** Where the open segment begins, and how far it was searched, in speakable characters. */
  #start = 0;
  #searched = 0;
  #sourceStart = 0;

  constructor(policy: SegmentPolicy = defaultPolicy) {
    this.#policy = policy;
  }

  push(delta: string): Segment[] {
    this.#speakable.push(delta);
    return this.#cut();
  }

  /** The reply is complete: everything left becomes a segment, and the very last one is marked. */
  finish(): Segment[] {
    this.#speakable.end();
    const segments = this.#cut();
    const rest = this.#take(this.#speakable.text.length);
    if (rest) segments.push(rest);
    const last = segments.at(-1);
    if (last) {
      segments[segments.length - 1] = { ...last, isLast: true, sourceEnd: this.#speakable.sourceLength };
    }
    return segments;
  }

  #cut(): Segment[] {
    const segments: Segment[] = [];
    const { text } = this.#speakable;
    for (;;) {
      const boundary = nextBoundary(text, this.#searched);
      if (!boundary) return segments;
      // A cut of nothing but spaces or marks would be a segment without a word.
      this.#searched = boundary.end;
      if (!this.#allows(text.slice(this.#start, boundary.end), boundary.kind)) continue;
      const segment = this.#take(boundary.end);
      if (segment) segments.push(segment);
    }
  }

  #allows(candidate: string, kind: BoundaryKind): boolean {
    if (candidate.length >= MAX_CHARACTERS) return wordsOf(candidate).length > 0;
    return mayEnd(candidate, kind, this.#policy(this.#index, { kind, characters: candidate.trim().length }));
  }

  #take(end: number): Segment | null {
    const words = Array.from(this.#speakable.text.slice(this.#start, end).matchAll(/\S+/gu));
    if (words.length === 0) return null;
    // Just behind its last character: what follows may still be silent, and is then nobody's.
    const sourceEnd = this.#sourceEndOf(end);
    const segment = {
      index: this.#index,
      text: words.join(" "),
      sourceStart: this.#sourceStart,
      sourceEnd,
      wordEnds: words.map((word) => this.#sourceEndOf(this.#start + word.index + word[0].length)),
      isLast: false,
    };
    this.#index++;
    this.#start = end;
    this.#searched = end;
    this.#sourceStart = sourceEnd;
    return segment;
  }

  /** The place in the reply just behind the speakable character before `end`. */
  #sourceEndOf(end: number): number {
    return this.#speakable.sources[end - 1]! + 1;
  }
}

/** Whether a segment of this text may end at a boundary of this kind. */
export function mayEnd(text: string, kind: BoundaryKind, rule: SegmentRule): boolean {
  const words = wordsOf(text);
  if (words.length === 0) return false;
  if (kind === "sentence") return words.length >= rule.minWords;
  if (kind === "clause") return words.length >= rule.clauseWords;
  return words.length >= rule.wordWords && !leaning.has(words.at(-1)!.toLowerCase());
}

/** The words of a text: what lies between spaces and has a letter or digit, without its punctuation. */
export function wordsOf(text: string): string[] {
  return text
    .split(/\s+/u)
    .map((part) => part.replaceAll(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, ""))
    .filter((word) => word !== "");
}
