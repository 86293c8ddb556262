import fc from "fast-check";
import { expect, test } from "vitest";
import { MAX_PHONEMES, partsOf } from "./text-parts.ts";

/** One symbol a character, as for plain English. */
const plain = (text: string): string => text;
const textsOf = (text: string, limit?: number, phonemize = plain): string[] =>
  [...partsOf(text, phonemize, limit)].map((part) => part.text);

test.each([
  ["One two. Three four five six", 20, ["One two. Three", "four five six"]],
  ["One two three. Four five", 20, ["One two three.", "Four five"]],
  ["One two three, four five", 20, ["One two three,", "four five"]],
  ["It rained all day. Mrs. Smith left", 26, ["It rained all day.", "Mrs. Smith left"]],
  ["short", 20, ["short"]],
  ["", 20, []],
])("R3 %j within %i", (text, limit, parts) => {
  expect(textsOf(text, limit)).toEqual(parts);
});

test("R3 nothing is lost, and no part is longer than Kokoro can take", () => {
  const phonemize = (text: string): string => text.replaceAll(/\d/g, "sevən ");
  fc.assert(
    fc.property(
      fc.string({ unit: "grapheme", maxLength: 3000 }),
      fc.constantFrom(40, MAX_PHONEMES),
      (text, limit) => {
        const parts = [...partsOf(text, phonemize, limit)];
        expect(
          parts
            .map((part) => part.text)
            .join("")
            .replaceAll(/\s/g, ""),
        ).toBe(text.replaceAll(/\s/g, ""));
        for (const part of parts) expect(part.phonemes.length).toBeLessThanOrEqual(limit);
      },
    ),
  );
});

test("R2 parts are made as they are asked for", () => {
  let calls = 0;
  const parts = partsOf("A sentence of words. ".repeat(200), (text) => {
    calls += 1;
    return text;
  });
  parts.next();
  expect(calls).toBeLessThan(4);
});
