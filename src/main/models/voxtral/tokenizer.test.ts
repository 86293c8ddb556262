import * as fc from "fast-check";
import { Tokenizer } from "@huggingface/tokenizers";
import { describe, expect, test } from "vitest";
import { nanoDir } from "../../../../tests/support/voxtral-golden.ts";
import { readModelJson } from "../model-folder.ts";
import { cutTokens, Detokenizer } from "./detokenizer.ts";
import { createTokenizer } from "./tokenizer.ts";

const json = readModelJson(nanoDir, "tokenizer.json");
const tokenizer = createTokenizer(json);
const reference = new Tokenizer(json, {});
const anyText = fc.string({ unit: "binary", maxLength: 40 });

function streamed(ids: readonly number[]): string {
  const detokenizer = new Detokenizer(tokenizer);
  return ids.map((id) => detokenizer.push(id)).join("") + detokenizer.finish();
}

describe("text to ids", () => {
  test.each([
    "[INST]hi",
    "</s>",
    "[AUDIO]",
    "<s>",
    "[TRANSCRIBE]",
    "a [/INST] b</s>[BEGIN_AUDIO]",
    "<pad><unk>",
  ])("R64 control tokens typed as text stay text: %s", (text) => {
    const controlIds = new Set<number>(Object.values(tokenizer.control));
    const ids = tokenizer.encode(text);
    expect(ids.every((id) => tokenizer.isText(id) && !controlIds.has(id))).toBe(true);
    expect(streamed(ids)).toBe(text);
    // The trap is real: the same library, used as it is meant to be, does fall into it.
    expect(reference.encode(text, { add_special_tokens: false }).ids).not.toEqual(ids);
  });

  test("R64 no text at all becomes a control id", () => {
    const pieces = fc.array(
      fc.oneof(anyText, fc.constantFrom("[INST]", "</s>", "[AUDIO]", "<SPECIAL_30>", "<unk>")),
    );
    fc.assert(
      fc.property(pieces, (parts) => {
        expect(tokenizer.encode(parts.join("")).every((id) => tokenizer.isText(id))).toBe(true);
      }),
    );
  });

  test("R62 a tokenizer without Voxtral's control tokens is another model's", () => {
    expect(() => createTokenizer({ ...json, added_tokens: [] })).toThrow(
      expect.objectContaining({ code: "model-wrong" }),
    );
    expect(() => createTokenizer({ model: {} })).toThrow(expect.objectContaining({ code: "model-corrupt" }));
  });
});

describe("ids to text", () => {
  test("R1 streamed text equals the text, and the library's own decoding", () => {
    // The library refuses an empty list, and swallows a byte order mark at the start.
    const decodable = anyText.filter((text) => text !== "" && !text.startsWith("\uFEFF"));
    fc.assert(
      fc.property(decodable, (text) => {
        const ids = tokenizer.encode(text);
        expect(streamed(ids)).toBe(text);
        expect(streamed(ids)).toBe(reference.decode([...ids], { clean_up_tokenization_spaces: false }));
      }),
    );
  });

  test("R1 any ids at all give what decoding all their bytes at once gives", () => {
    const anyIds = fc.array(fc.integer({ min: 0, max: 1023 }), { maxLength: 30 });
    fc.assert(
      fc.property(anyIds, (ids) => {
        const bytes = Uint8Array.from(ids.flatMap((id) => [...tokenizer.bytes(id)]));
        expect(streamed(ids)).toBe(new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes));
      }),
    );
  });

  test("R1 a character split over tokens is held back, and becomes U+FFFD only at the end", () => {
    const ids = tokenizer.encode("€");
    expect(ids.length).toBeGreaterThan(1);
    const detokenizer = new Detokenizer(tokenizer);
    expect(ids.slice(0, -1).map((id) => detokenizer.push(id))).toEqual(ids.slice(0, -1).map(() => ""));
    expect(detokenizer.isPending).toBe(true);
    expect(detokenizer.finish()).toBe("\uFFFD");
    expect(detokenizer.finish()).toBe("");
  });
});

test("R16 a cut reply keeps at most what was heard, and never half a character", () => {
  fc.assert(
    fc.property(anyText, fc.nat(45), (text, characters) => {
      const ids = tokenizer.encode(text);
      const kept = cutTokens(tokenizer, ids, characters);
      expect(ids.slice(0, kept.length)).toEqual(kept);
      const heard = streamed(kept);
      expect(heard.length).toBeLessThanOrEqual(characters);
      expect(text.startsWith(heard)).toBe(true);
      // One more whole character would have been too much.
      const longer = ids.findIndex(
        (_, index) => index >= kept.length && text.startsWith(streamed(ids.slice(0, index + 1))),
      );
      if (longer >= 0) expect(streamed(ids.slice(0, longer + 1)).length).toBeGreaterThan(characters);
    }),
  );
});
