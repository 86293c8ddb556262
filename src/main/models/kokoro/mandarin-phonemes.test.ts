import { beforeAll, expect, test } from "vitest";
import { Espeak } from "./espeak.ts";
import { mandarinPhonemes } from "./mandarin-phonemes.ts";

let espeak: Espeak;

beforeAll(async () => {
  espeak = await Espeak.load();
});

test.each([
  ["妈 麻 马 骂 吗", "ma→ ma↗ ma↓ ma↘ ma"],
  ["你好", "ni↗xau↓"],
  ["四是十", "sɨ↘ ʂɨ↘ ʂɨ↗"],
  ["天气", "tʰiɛ→nʨʰi↘"],
  ["吃饭", "ꭧʰɨ→ fa↘n"],
])("R7 %s is said %s", (text, phonemes) => {
  expect(mandarinPhonemes(espeak.notations(text, "cmn")).replaceAll(" ", "")).toBe(
    phonemes.replaceAll(" ", ""),
  );
});
