/** Kokoro's positions (512) without the two pads. */
export const MAX_PHONEMES = 510;

/** Longest stretch phonemized at once: English has about one phoneme a character, digits have up to six. */
const MAX_CHARACTERS = 600;

export interface TextPart {
  readonly text: string;
  readonly phonemes: string;
}

/** Best place to cut first: after a sentence, after a clause, between words. */
const boundaries: readonly RegExp[] = [
  /(?<!\b(?:Mr|Mrs|Ms|Dr|St|vs|etc))[.!?…।]["'”’)\]]*(?=\s|$)|[。！？\n]/gu,
  /[,;:—，、；：]["'”’)\]]*(?=\s|$)|[，、；：]/gu,
  /\s/gu,
];

/**
 * Cuts `text` into parts that Kokoro can take, one after the other as the consumer asks for them. Text within the
 * limit stays whole. `phonemize` gives the phonemes of any piece. Parts joined by spaces are the text again, but for
 * the white space at cuts.
 */
export function* partsOf(
  text: string,
  phonemize: (text: string) => string,
  limit: number = MAX_PHONEMES,
): Generator<TextPart> {
  let rest = text.trim();
  while (rest !== "") {
    let head = cut(rest, MAX_CHARACTERS);
    let phonemes = phonemize(head);
    while (phonemes.length > limit && head.length > 2) {
      head = cut(head, Math.max(2, Math.floor((head.length * limit * 0.95) / phonemes.length)));
      phonemes = phonemize(head);
    }
    // A single character is never that long, but the model's limit must hold whatever a language's rules say.
    yield { text: head, phonemes: phonemes.slice(0, limit) };
    rest = rest.slice(head.length).trimStart();
  }
}

/** At most `length` characters from the front of `text`, ending at the best boundary in their second half. */
function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  const head = text.slice(0, length);
  for (const boundary of boundaries) {
    const ends = Array.from(head.matchAll(boundary), (match) => match.index + match[0].length);
    const last = ends.at(-1);
    if (last !== undefined && last >= length / 2) return head.slice(0, last).trimEnd();
  }
  // No space for hundreds of characters. Not between the halves of a surrogate pair, though.
  return /[\uD800-\uDBFF]$/.test(head) ? head.slice(0, -1) : head;
}
