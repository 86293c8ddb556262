import type { Voice } from "../../../shared/voices.ts";
import { normalizeEnglish } from "./english-text.ts";
import type { Espeak } from "./espeak.ts";
import { LruCache } from "./lru-cache.ts";
import { mandarinPhonemes } from "./mandarin-phonemes.ts";
import { englishPhonemes, ipaToKokoro } from "./phoneme-rules.ts";
import type { Vocabulary } from "./vocabulary.ts";

/** What ends or interrupts a clause, with the spaces around it: kept as it is between the phonemes. */
const punctuation = /(\s*[;:,.!?¡¿—…"«»“”(){}[\]、。！，：；？।]+\s*)+/gu;

/**
 * The same where espeak reads the numbers: "3,5" and "10:30" stay whole. English is cut there as in kokoro-js, after
 * `normalizeEnglish` has spelt numbers out.
 */
const punctuationOutsideNumbers =
  /(\s*(?:(?!(?<=\p{Nd})[.,:]\p{Nd})[;:,.!?¡¿—…"«»“”(){}[\]、。！，：；？।])+\s*)+/gu;

/** Punctuation of other scripts, as the marks that Kokoro knows. */
const marks: Readonly<Record<string, string>> = {
  "«": "“",
  "»": "”",
  "¡": "",
  "¿": "",
  "[": "(",
  "]": ")",
  "{": "(",
  "}": ")",
  "、": ", ",
  "。": ". ",
  "！": "! ",
  "，": ", ",
  "：": ": ",
  "；": "; ",
  "？": "? ",
  // The Devanagari full stop.
  "।": ".",
};

/** Clauses kept: about 200 bytes each, so the whole costs less than a megabyte. */
const CACHE_SIZE = 2000;

/** Text → Kokoro's phonemes. A clause is phonemized once, whatever text it comes in. */
export class Phonemizer {
  readonly #espeak: Espeak;
  readonly #vocabulary: Vocabulary;
  readonly #cache = new LruCache<string, string>(CACHE_SIZE);

  constructor(espeak: Espeak, vocabulary: Vocabulary) {
    this.#espeak = espeak;
    this.#vocabulary = vocabulary;
  }

  /**
   * Phonemes of `text` as `voice` says it, symbols of the vocabulary only; empty or mere punctuation when there is
   * nothing to say. Any string is fine. Throws AppError internal only when espeak itself fails.
   */
  phonemize(text: string, voice: Voice): string {
    const isEnglish = voice.language.startsWith("en-");
    // Half a surrogate pair has no UTF-8 for espeak.
    const spoken = isEnglish ? normalizeEnglish(text.toWellFormed()) : text.toWellFormed();
    let phonemes = "";
    let end = 0;
    for (const { 0: mark, index } of spoken.matchAll(isEnglish ? punctuation : punctuationOutsideNumbers)) {
      phonemes += this.#clause(spoken.slice(end, index), voice);
      phonemes += isEnglish ? mark : mark.replaceAll(/\S/gu, (sign) => marks[sign] ?? sign);
      end = index + mark.length;
    }
    phonemes += this.#clause(spoken.slice(end), voice);
    return this.#vocabulary.filter(isEnglish ? englishPhonemes(phonemes, voice.language) : phonemes).trim();
  }

  #clause(text: string, voice: Voice): string {
    if (text === "") return "";
    const key = `${voice.espeakVoice}\n${text}`;
    const known = this.#cache.get(key);
    if (known !== undefined) return known;
    const phonemes =
      voice.language === "zh"
        ? mandarinPhonemes(this.#espeak.notations(text, voice.espeakVoice))
        : ipaToKokoro(this.#espeak.ipa(text, voice.espeakVoice), voice.language);
    this.#cache.set(key, phonemes);
    return phonemes;
  }
}
