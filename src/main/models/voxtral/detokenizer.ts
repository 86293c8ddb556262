import type { VoxtralTokenizer } from "./tokenizer.ts";

/**
 * Turns generated ids into text one by one. A character split over tokens is held back until it is whole, so what
 * `push` returns is never taken back and never garbage.
 */
export class Detokenizer {
  readonly #tokenizer: VoxtralTokenizer;
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  #held: Uint8Array = new Uint8Array();

  constructor(tokenizer: VoxtralTokenizer) {
    this.#tokenizer = tokenizer;
  }

  /** Whether bytes of an incomplete character are held back. */
  get isPending(): boolean {
    return this.#held.length > 0;
  }

  /** Text that became certain with `id`; may be empty. */
  push(id: number): string {
    const added = this.#tokenizer.bytes(id);
    const bytes = this.#held.length === 0 ? added : joined(this.#held, added);
    const whole = wholeCharacters(bytes);
    this.#held = bytes.subarray(whole);
    return this.#decoder.decode(bytes.subarray(0, whole));
  }

  /** Ends the text: an incomplete character becomes U+FFFD. */
  finish(): string {
    const rest = this.#decoder.decode(this.#held);
    this.#held = new Uint8Array();
    return rest;
  }
}

/**
 * The longest beginning of `tokenIds` whose text has at most `characters` UTF-16 units and ends on a whole character:
 * what was heard of a reply.
 */
export function cutTokens(
  tokenizer: VoxtralTokenizer,
  tokenIds: readonly number[],
  characters: number,
): readonly number[] {
  const detokenizer = new Detokenizer(tokenizer);
  let length = 0;
  let kept = 0;
  for (const [index, id] of tokenIds.entries()) {
    length += detokenizer.push(id).length;
    if (length > characters) break;
    if (!detokenizer.isPending) kept = index + 1;
  }
  return tokenIds.slice(0, kept);
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(first.length + second.length);
  bytes.set(first);
  bytes.set(second, first.length);
  return bytes;
}

/** How many bytes remain when an unfinished UTF-8 sequence at the end is left out. */
function wholeCharacters(bytes: Uint8Array): number {
  const end = bytes.length;
  for (let back = 1; back <= Math.min(3, end); back++) {
    const byte = bytes[end - back]!;
    const isContinuation = byte >= 0x80 && byte < 0xc0;
    if (!isContinuation) return sequenceLength(byte) > back ? end - back : end;
  }
  return end;
}

/** Bytes of the sequence that `lead` opens; 1 also for bytes that open none. */
function sequenceLength(lead: number): number {
  if (lead >= 0xc2 && lead < 0xe0) return 2;
  if (lead >= 0xe0 && lead < 0xf0) return 3;
  if (lead >= 0xf0 && lead < 0xf5) return 4;
  return 1;
}
