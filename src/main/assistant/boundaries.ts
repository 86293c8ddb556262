/** Where speech may pause, weakest first. */
export type BoundaryKind = "word" | "clause" | "sentence";

export interface Boundary {
  readonly kind: BoundaryKind;
  /** The cut: everything before it, spaces included, belongs to the segment. */
  readonly end: number;
}

/** Words that end with a full stop without ending a sentence. Compared in lower case, without the last stop. */
const abbreviations: ReadonlySet<string> = new Set(
  (
    "dr mr mrs ms mx prof rev gen sen rep gov capt lt col sgt st mt ft sr jr vs etc approx dept est fig vol ch sec ed " +
    "inc ltd co corp bros univ assn jan feb mar apr jun jul aug sep sept oct nov dec mon tue tues wed thu thurs fri " +
    "sat sun e.g i.e a.m p.m ph.d u.s u.k u.n d.c b.c a.d cf al ca op ave blvd rd ext tel min max avg fr hon"
  ).split(" "),
);

const QUOTING = /["“«(]|(?:^|\s)['‘]/u;
const CLOSING = /["'”’»)\]}]/u;
const SENTENCE = /[.!?…。！？]/u;
const CLAUSE = /[,;:—–،、；：]/u;
/** Those that stand without a space behind them. */
const WIDE = /[。！？、；：]/u;

/**
 * Finds the next certain boundary of `text` at or after `from`. Null means: none yet, more text may bring one; the
 * search may go on from `from` again. The answer never depends on how much of the text after the boundary is known.
 */
export function nextBoundary(text: string, from: number): Boundary | null {
  for (let at = from; at < text.length; at++) {
    const character = text[at]!;
    if (character === "\n") return { kind: "sentence", end: at + 1 };
    if (character === " ") {
      const kind = kindBefore(text, at);
      if (kind) return { kind, end: at + 1 };
      continue;
    }
    if (WIDE.test(character)) {
      return { kind: SENTENCE.test(character) ? "sentence" : "clause", end: at + 1 };
    }
    if (character === "—") return { kind: "clause", end: at + 1 };
    // Certain without what follows: a mark that can belong to no number, address or quotation. A full stop is not, since
    // any word may go on as "example.com".
    if (/[,;!?]/u.test(character) && isPlainWord(lastWord(text, at)) && !QUOTING.test(text.slice(0, at))) {
      return { kind: SENTENCE.test(character) ? "sentence" : "clause", end: at + 1 };
    }
  }
  return null;
}

/** What kind of pause the space at `space` stands for, from the word before it; null where speech must not pause. */
function kindBefore(text: string, space: number): BoundaryKind | null {
  let end = space;
  while (end > 0 && CLOSING.test(text[end - 1]!)) end--;
  const mark = text[end - 1] ?? "";
  if (mark === "." && !endsSentence(lastWord(text, end), text.slice(0, end))) return null;
  if (mark === "…" || text.slice(0, end).endsWith("..")) return "clause";
  if (SENTENCE.test(mark)) return "sentence";
  if (CLAUSE.test(mark) || (mark === "-" && text[end - 2] === " ")) return "clause";
  return "word";
}

function endsSentence(word: string, before: string): boolean {
  const bare = word.replace(/^["'“‘«([{]+/u, "").replace(/\.+$/u, "");
  if (abbreviations.has(bare.toLowerCase())) return false;
  // Initials and dotted acronyms: "J. Smith", "U.S. forces".
  if (/^\p{Lu}$/u.test(bare) && bare !== "I") return false;
  if (/^(?:\p{L}\.)+\p{L}$/u.test(bare)) return false;
  // A list's "1." at the beginning of its line.
  if (/^\d{1,3}$/u.test(bare) && /(?:^|\n)\s*\d{1,3}\.$/u.test(before)) return false;
  return true;
}

/** The word that ends just before `end`, its punctuation included. */
function lastWord(text: string, end: number): string {
  const start = Math.max(text.lastIndexOf(" ", end - 1), text.lastIndexOf("\n", end - 1)) + 1;
  return text.slice(start, end);
}

function isPlainWord(word: string): boolean {
  return /^\p{L}[\p{L}'’-]*$/u.test(word);
}
