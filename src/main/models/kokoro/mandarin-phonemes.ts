import { PHONEME_SEPARATOR } from "./espeak.ts";

/** A syllable's tone by its contour in espeak's names (Chao's numbers), as the arrow Kokoro learnt for it. */
const toneArrows: ReadonlyMap<string, string> = new Map([
  ["55", "→"],
  ["35", "↗"],
  ["214", "↓"],
  ["51", "↘"],
  // The light tone has no arrow.
  ["11", ""],
]);

/** espeak's IPA and Kokoro's symbol for the same sound, longest first. */
const sounds: readonly (readonly [espeak: string, kokoro: string])[] = [
  ["ts.h", "ꭧʰ"],
  ["ts.", "ꭧ"],
  ["tɕh", "ʨʰ"],
  ["tɕ", "ʨ"],
  ["tsh", "ʦʰ"],
  ["ts", "ʦ"],
  ["th", "tʰ"],
  ["ph", "pʰ"],
  ["kh", "kʰ"],
  ["s.", "ʂ"],
  ["z.", "ɻ"],
  ["ʐ", "ɻ"],
  ["χ", "x"],
  ["i.", "ɨ"],
  ["i̪", "ɨ"],
  ["nɡ", "ŋ"],
  ["ɑ", "a"],
];

interface Sound {
  readonly symbols: string;
  tone: string;
}

/**
 * Mandarin as misaki writes it for Kokoro: no stress, a tone arrow after each vowel, words separated by spaces. espeak
 * chooses the readings; it knows fewer words than misaki's dictionaries, so a character with several readings is
 * sometimes misread. Words of other scripts are spoken as espeak reads them.
 */
export function mandarinPhonemes(notations: { readonly ipa: string; readonly names: string }): string {
  const names = wordsOf(notations.names);
  const words = wordsOf(notations.ipa).map((word, i) =>
    word.map((ipa, j): Sound => {
      const tone = /(?<!\d)(?:55|35|214|51|11)$/.exec(names[i]?.[j] ?? "")?.[0] ?? "";
      // espeak's IPA keeps one sign of a contour: 5, ɜ, 2 or 1.
      const bare = tone === "" ? ipa : ipa.replace(/[5ɜ21]$/, "");
      return { symbols: symbolsOf(bare), tone };
    }),
  );
  changeTones(words.flat().filter(({ tone }) => tone !== ""));
  return words
    .map((word) => word.map(({ symbols, tone }) => symbols + (toneArrows.get(tone) ?? "")).join(""))
    .join(" ");
}

/** Of two low tones in a row the first rises: nǐ hǎo is said ní hǎo. */
function changeTones(syllables: readonly Sound[]): void {
  for (const [i, syllable] of syllables.entries()) {
    if (syllable.tone === "214" && syllables[i + 1]?.tone === "214") syllable.tone = "35";
  }
}

/** Phonemes of each word; espeak's signs for pauses are left out. */
function wordsOf(notation: string): string[][] {
  return notation
    .split(" ")
    .map((word) => word.split(PHONEME_SEPARATOR).filter((phoneme) => phoneme !== "" && phoneme !== "|"))
    .filter((word) => word.length > 0);
}

function symbolsOf(ipa: string): string {
  const plain = ipa.replaceAll(/[ˈˌ]|\([a-z-]+\)/g, "");
  return sounds.reduce((text, [espeak, kokoro]) => text.replaceAll(espeak, kokoro), plain);
}
