/**
 * Streams model text into what a voice should say: markdown, code blocks, emoji and control characters go; everything
 * else stays, letter by letter, with its place in the source. The result does not depend on how the text was cut into
 * deltas: where a construct could still become another one, the rest waits.
 */
export class SpeakableText {
  /** What has been made so far. A newline marks the end of a line or paragraph. */
  text = "";
  /** For each character of `text`, its index in the source. */
  readonly sources: number[] = [];
  #source = "";
  #position = 0;
  #isEnded = false;
  #inFence = false;
  #isLineStart = true;
  #previous = "";

  /** Characters of the source seen so far. */
  get sourceLength(): number {
    return this.#source.length;
  }

  push(delta: string): void {
    this.#source += delta;
    this.#advance();
  }

  /** Nothing follows: what waited is decided. */
  end(): void {
    this.#isEnded = true;
    this.#advance();
  }

  #advance(): void {
    while (this.#position < this.#source.length) {
      const length = this.#step(this.#position);
      if (length === 0) return;
      this.#position += length;
    }
  }

  /** Handles the construct at `at`; returns how many characters it took, 0 for "more is needed". */
  #step(at: number): number {
    const rest = this.#source.slice(at, at + LONGEST_CONSTRUCT);
    if (this.#inFence) return this.#fenceBody(rest);
    const first = rest[0]!;
    if (first === "`") return this.#backticks(rest);
    if (this.#isLineStart && "#->+*".includes(first)) {
      const taken = this.#lineMarker(rest);
      if (taken !== null) return taken;
    }
    if (first === "*" || first === "_" || first === "~") return this.#emphasis(rest, at);
    if (first === "[" || first === "]") return this.#link(rest, at);
    if (first === "\n" || first === "\r") return this.#newline(at);
    return this.#character(rest, at);
  }

  #fenceBody(rest: string): number {
    if (rest.startsWith("```")) {
      this.#inFence = false;
      return 3;
    }
    if (!this.#isEnded && "```".startsWith(rest)) return 0;
    return 1;
  }

  #backticks(rest: string): number {
    const run = /^`+/.exec(rest)![0].length;
    // A run of one or two could still grow into a fence.
    if (run < 3 && run === rest.length && !this.#isEnded) return 0;
    if (run >= 3) {
      this.#inFence = true;
      return 3;
    }
    this.#previous = "`";
    this.#isLineStart = false;
    return run;
  }

  /** Heading, quote, bullet or rule at the start of a line; null when it is none. */
  #lineMarker(rest: string): number | null {
    const marker = /^(?:#{1,6}|>+|[-+*]|-{2,}|\*{3,})(?=[ \t\n])/.exec(rest);
    if (marker) return marker[0].length;
    return /^[#>+*-]+$/.test(rest) && rest.length < 8 && !this.#isEnded ? 0 : null;
  }

  #emphasis(rest: string, at: number): number {
    const mark = rest[0]!;
    const length = /^\*+|^_+|^~+/.exec(rest)![0].length;
    if (length === rest.length && !this.#isEnded && length < LONGEST_CONSTRUCT) return 0;
    const next = rest[length] ?? "";
    const isBetweenSpaces = isSpace(this.#previous) && isSpace(next);
    const isInsideWord = isWord(this.#previous) && isWord(next);
    const isInsideAddress = isInsideWord && /:\/\/\S*$/u.test(this.text.slice(-LONGEST_CONSTRUCT));
    if (mark === "*" && isBetweenSpaces) this.#emit("*", at);
    else if (mark === "~" && length === 1) this.#emit("~", at);
    else if (mark === "_" && isInsideWord) this.#emit(isInsideAddress ? "_" : " ", at);
    this.#isLineStart = false;
    return length;
  }

  /** `[text](address)` says its text only; other brackets are silent and vanish. */
  #link(rest: string, at: number): number {
    this.#isLineStart = false;
    if (rest[0] === "]") return 1;
    const label = /^\[([^[\]\n]*)\](?:\(([^()\s]*)\))?/.exec(rest);
    const isOpen = /^\[[^[\]\n]*(?:\](?:\([^()\s]*)?)?$/.test(rest);
    const isComplete = label !== null && label[2] !== undefined;
    if (!isComplete && isOpen && !this.#isEnded && rest.length < LONGEST_CONSTRUCT) return 0;
    if (!isComplete) return 1;
    for (let i = 0; i < label[1]!.length; i++) this.#emit(label[1]![i]!, at + 1 + i);
    return label[0].length;
  }

  #newline(at: number): number {
    if (!this.text.endsWith("\n") && this.text !== "") this.#emit("\n", at);
    this.#isLineStart = true;
    this.#previous = "\n";
    return 1;
  }

  #character(rest: string, at: number): number {
    const code = rest.codePointAt(0)!;
    if (code >= 0xd800 && code <= 0xdbff && rest.length === 1 && !this.#isEnded) return 0;
    const character = String.fromCodePoint(code);
    if (silent.test(character) || (code >= 0xd800 && code <= 0xdfff)) return character.length;
    if (isSpace(character) || character === "|") {
      if (this.text !== "" && !isSpace(this.text.at(-1)!)) this.#emit(" ", at);
      this.#previous = " ";
      return character.length;
    }
    this.#isLineStart = false;
    // "?!" and "!!!" sound like their first mark, which so ends a sentence for certain without what follows.
    if (EXCLAIMING.test(character) && EXCLAIMING.test(this.text.at(-1) ?? "")) return character.length;
    for (let i = 0; i < character.length; i++) this.#emit(character[i]!, at + i);
    this.#previous = character;
    return character.length;
  }

  #emit(character: string, source: number): void {
    // One space at most, and none at the beginning: neither a voice nor a caption has use for them.
    if (character === " " && (this.text === "" || isSpace(this.text.at(-1)!))) return;
    this.text += character;
    this.sources.push(source);
    this.#previous = character;
  }
}

const EXCLAIMING = /[!?！？]/u;

/** A link longer than this is no link; it bounds what can be held back. */
const LONGEST_CONSTRUCT = 2_100;

/** Emoji and what joins them, regional indicators, tags, control and format characters, replacement characters. */
const silent =
  /[\p{Extended_Pictographic}\p{Emoji_Modifier}\p{Regional_Indicator}\u{FE00}-\u{FE0F}\u{20E3}\u{E0000}-\u{E007F}\u{FFFD}\u{FEFF}]|[^\P{Cc}\t\n\r]|\p{Cf}/u;

function isSpace(character: string): boolean {
  return character === "" || /\s/u.test(character);
}

function isWord(character: string): boolean {
  return /[\p{L}\p{N}]/u.test(character);
}

/** The whole of `source` at once, with single spaces: what the segments of a reply add up to. */
export function toSpeakable(source: string): string {
  const speakable = new SpeakableText();
  speakable.push(source);
  speakable.end();
  return speakable.text.replaceAll(/\s+/gu, " ").trim();
}
