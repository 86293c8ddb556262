import type { VoiceLanguage } from "../../../shared/voices.ts";
import { PHONEME_SEPARATOR } from "./espeak.ts";

/** espeak says the language of foreign words in their midst: "(en)". */
const languageSwitch = /\([a-z-]+\)/g;

/**
 * espeak's IPA of a clause as Kokoro was trained on it. English in kokoro-js keeps the letters; for the other
 * languages misaki, which made Kokoro's training data, writes diphthongs and affricates as one symbol.
 */
export function ipaToKokoro(ipa: string, language: VoiceLanguage): string {
  const plain = ipa.replaceAll(languageSwitch, "");
  const merged = language.startsWith("en-")
    ? plain
    : plain
        .split(PHONEME_SEPARATOR)
        .map((phoneme) => mergeLetters(phoneme))
        .join(PHONEME_SEPARATOR);
  return merged.replaceAll(PHONEME_SEPARATOR, "").replaceAll("-", "").trim();
}

/** Letter groups inside one phoneme and the symbol Kokoro learnt for them (misaki's EspeakG2P). */
const merges: readonly (readonly [letters: string, symbol: string])[] = [
  ["aɪ", "I"],
  ["aʊ", "W"],
  ["dz", "ʣ"],
  ["dʒ", "ʤ"],
  ["eɪ", "A"],
  ["oʊ", "O"],
  ["əʊ", "Q"],
  ["ss", "S"],
  ["ts", "ʦ"],
  ["tʃ", "ʧ"],
  ["ɔɪ", "Y"],
];

function mergeLetters(phoneme: string): string {
  return merges.reduce((merged, [letters, symbol]) => merged.replaceAll(letters, symbol), phoneme);
}

/**
 * kokoro-js' corrections of English phonemes, on the whole utterance: sounds espeak borrows from other languages, the
 * model's own name, numbers run together ("twˈɛntihˈʌndɹɪd") and a plural torn off ("ˌeɪ z"). American "ninety" has a
 * flapped t.
 */
export function englishPhonemes(phonemes: string, language: VoiceLanguage): string {
  const corrected = phonemes
    .replaceAll(/kəkˈ[oɔ]ːɹ(oʊ|əʊ)/g, (_, ending: string) => `kˈ${ending}kəɹ${ending}`)
    .replaceAll("ʲ", "j")
    .replaceAll("r", "ɹ")
    .replaceAll("x", "k")
    .replaceAll("ɬ", "l")
    .replaceAll(/(?<=[a-zɹː])(?=hˈʌndɹɪd)/g, " ")
    .replaceAll(/ z(?=[;:,.!?¡¿—…"«»“” ]|$)/g, "z");
  return language === "en-US" ? corrected.replaceAll(/(?<=nˈaɪn)ti(?!ː)/g, "di") : corrected;
}
