import fc from "fast-check";
import { expect, test } from "vitest";
import { timeWords } from "./word-timing.ts";

test("R14 words meet their phonemes: numbers are long, joined words share one", () => {
  const words = timeWords("In the year 1984 we met", "ɪnðə jˈɪɹ nˈaɪntiːn ˈeɪɾi fˈoːɹ wiː mˈɛt", 48_000);
  const lengths = new Map(words.map(({ text, startSample, endSample }) => [text, endSample - startSample]));
  expect(lengths.get("1984")!).toBeGreaterThan(2 * lengths.get("year")!);
  expect(lengths.get("In")!).toBeLessThan(lengths.get("year")!);
  expect(words.map(({ text }) => text)).toEqual(["In", "the", "year", "1984", "we", "met"]);
});

test("R14 a word before a pause that is heard ends with it", () => {
  const words = timeWords("Yes, it is.", "jˈɛs, ɪɾ ˈɪz.", 24_000, [{ start: 9000, end: 13_000 }]);
  expect(words[0]!.endSample).toBe(13_000);
  expect(words[1]!.startSample).toBe(13_000);
});

test("R14 words follow each other without holes, whatever text and phonemes are", () => {
  const text = fc.string({ unit: "grapheme", maxLength: 80 });
  const phonemes = fc.string({
    unit: fc.constantFrom("a", "ˈ", "ɪ", "t", "s", " ", ",", ".", "ː"),
    maxLength: 120,
  });
  const pause = fc.record({ start: fc.nat(20_000), end: fc.nat(20_000) });
  fc.assert(
    fc.property(
      text,
      phonemes,
      fc.nat(20_000),
      fc.array(pause, { maxLength: 3 }),
      (said, sounds, length, raw) => {
        const pauses = raw.filter(({ start, end }) => start < end && end <= length);
        const words = timeWords(said, sounds, length, pauses);
        expect(words.map((word) => word.text)).toEqual(said.split(/\s+/u).filter(Boolean));
        for (const [i, { startSample, endSample }] of words.entries()) {
          expect(startSample).toBe(i === 0 ? 0 : words[i - 1]!.endSample);
          expect(endSample).toBeGreaterThanOrEqual(startSample);
        }
        if (words.length > 0) expect(words.at(-1)!.endSample).toBe(length);
      },
    ),
  );
});
