import { Tokenizer } from "@huggingface/tokenizers";
import { z } from "zod";
import { AppError } from "../../../shared/errors.ts";

/** Ids of the control tokens that prompts are built from (Mistral Tekken names). */
export interface ControlIds {
  readonly bos: number;
  readonly eos: number;
  readonly instructionStart: number;
  readonly instructionEnd: number;
  readonly audio: number;
  readonly audioStart: number;
  readonly transcribe: number;
}

const controlTokens = {
  bos: "<s>",
  eos: "</s>",
  instructionStart: "[INST]",
  instructionEnd: "[/INST]",
  audio: "[AUDIO]",
  audioStart: "[BEGIN_AUDIO]",
  transcribe: "[TRANSCRIBE]",
} as const satisfies Record<keyof ControlIds, string>;

const tokenizerSchema = z.looseObject({
  added_tokens: z.array(z.looseObject({ id: z.number().int().nonnegative(), content: z.string() })),
  model: z.looseObject({
    type: z.literal("BPE"),
    vocab: z.record(z.string(), z.number().int().nonnegative()),
  }),
});

/** Text ↔ token ids. Whatever is typed, spoken or generated, `encode` never returns a control id. */
export interface VoxtralTokenizer {
  readonly control: ControlIds;
  encode(text: string): readonly number[];
  /** UTF-8 bytes a token stands for: possibly a part of a character; empty for control ids. */
  bytes(id: number): Uint8Array;
  /** Whether `id` is ordinary text of this vocabulary. */
  isText(id: number): boolean;
}

/**
 * Builds the tokenizer from the parsed tokenizer.json (byte-level BPE).
 * Throws AppError model-corrupt (not such a file) or model-wrong (Voxtral's control tokens are missing).
 */
export function createTokenizer(json: Readonly<Record<string, unknown>>): VoxtralTokenizer {
  const parsed = tokenizerSchema.safeParse(json);
  if (!parsed.success) {
    throw new AppError(
      "model-corrupt",
      "tokenizer.json is not a byte-level BPE tokenizer. Download it again.",
      {
        cause: parsed.error,
      },
    );
  }
  const special = new Map(parsed.data.added_tokens.map(({ content, id }) => [content, id]));
  const specialIds = new Set(special.values());
  const control = controlIds(special);
  // Both doors are closed: added tokens are matched inside text by every tokenizer, and a merge or `ignore_merges` could
  // reach a control token that is also listed in the vocabulary.
  const vocab = Object.fromEntries(
    Object.entries(parsed.data.model.vocab).filter(
      ([token, id]) => !special.has(token) && !specialIds.has(id),
    ),
  );
  const tokenizer = new Tokenizer({ ...json, added_tokens: [], model: { ...parsed.data.model, vocab } }, {});
  const known = new Map<number, Uint8Array>();
  const bytes = (id: number): Uint8Array => {
    let found = known.get(id);
    if (!found) {
      found = specialIds.has(id) ? new Uint8Array() : bytesOfToken(tokenizer.id_to_token(id) ?? "");
      known.set(id, found);
    }
    return found;
  };
  return {
    control,
    encode: (text) => (text === "" ? [] : tokenizer.encode(text, { add_special_tokens: false }).ids),
    bytes,
    isText: (id) => bytes(id).length > 0,
  };
}

function controlIds(special: ReadonlyMap<string, number>): ControlIds {
  const missing = Object.values(controlTokens).filter((content) => !special.has(content));
  if (missing.length > 0) {
    throw new AppError(
      "model-wrong",
      `tokenizer.json lacks Voxtral's control tokens ${missing.join(" ")}. Choose a Voxtral folder.`,
      { details: { missing } },
    );
  }
  const idOf = (name: keyof ControlIds): number => special.get(controlTokens[name])!;
  return {
    bos: idOf("bos"),
    eos: idOf("eos"),
    instructionStart: idOf("instructionStart"),
    instructionEnd: idOf("instructionEnd"),
    audio: idOf("audio"),
    audioStart: idOf("audioStart"),
    transcribe: idOf("transcribe"),
  };
}

/**
 * Byte-level BPE writes each byte as one printable character: printable Latin-1 as itself, the other 68 bytes as
 * U+0100 upwards in order (openai/gpt-2 encoder.py, bytes_to_unicode).
 */
const byteOfCharacter: ReadonlyMap<string, number> = (() => {
  const isPrintable = (byte: number): boolean =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
  const map = new Map<string, number>();
  let next = 0x100;
  for (let byte = 0; byte < 256; byte++) {
    map.set(String.fromCodePoint(isPrintable(byte) ? byte : next++), byte);
  }
  return map;
})();

function bytesOfToken(token: string): Uint8Array {
  return Uint8Array.from(Array.from(token), (character) => byteOfCharacter.get(character) ?? 0x3f);
}
