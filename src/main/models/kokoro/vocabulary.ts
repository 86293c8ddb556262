import { z } from "zod";
import { AppError } from "../../../shared/errors.ts";
import { readModelJson } from "../model-folder.ts";

const tokenizerSchema = z.looseObject({
  model: z.looseObject({ vocab: z.record(z.string(), z.number().int().nonnegative()) }),
});

/** Begins and ends every input, and fills it up to a bucket: Kokoro's `$`. */
export const PAD_ID = 0;

/** Kokoro's symbols: IPA letters, marks, punctuation and space, one character each. */
export class Vocabulary {
  readonly #ids: ReadonlyMap<string, number>;

  constructor(ids: ReadonlyMap<string, number>) {
    this.#ids = ids;
  }

  /** Reads tokenizer.json of a model folder. Throws like `readModelJson`, and model-corrupt. */
  static read(modelDir: string): Vocabulary {
    const parsed = tokenizerSchema.safeParse(readModelJson(modelDir, "tokenizer.json"));
    const ids = new Map(parsed.success ? Object.entries(parsed.data.model.vocab) : []);
    if (!ids.has(" ") || !ids.has("ə")) {
      throw new AppError(
        "model-corrupt",
        `tokenizer.json of ${modelDir} does not hold Kokoro's phonemes. Download the model again.`,
        { cause: parsed.error },
      );
    }
    ids.delete("$");
    return new Vocabulary(ids);
  }

  /**
   * `phonemes` reduced to the vocabulary. A letter that it lacks is kept as far as its decomposition is known
   * (`õ` → `õ`, Japanese `ä` → `a`), the rest is dropped.
   */
  filter(phonemes: string): string {
    let known = "";
    for (const symbol of phonemes) {
      if (this.#ids.has(symbol)) known += symbol;
      else for (const part of symbol.normalize("NFD")) if (this.#ids.has(part)) known += part;
    }
    return known;
  }

  /** Token ids of filtered phonemes, between the two pads. */
  encode(phonemes: string): number[] {
    return [PAD_ID, ...Array.from(phonemes, (symbol) => this.#ids.get(symbol) ?? PAD_ID), PAD_ID];
  }
}
