import { eld } from "eld/extrasmall";
import { sharedLanguages, type SharedLanguage } from "../../../shared/voices.ts";

// Anything else would only be a mistake: the detector knows sixty languages, and a few words look like many of them.
eld.setLanguageSubset([...sharedLanguages]);

/**
 * How much the language that is expected anyway is worth, in the detector's score from 0 to 1, and the lead that the best
 * language needs after one word, two words, … and any more: a first word is often a name. Chosen on 65 beginnings so
 * that none of two words and more leaves the right language.
 */
const EXPECTED_BONUS = 0.06;
const LEADS = [0.3, 0.02, 0];
/** Fewer letters than this are a number or an interjection as often as they are a language. */
const MIN_LETTERS = 4;

/**
 * The language of a reply that begins with `text`. `expected` is what the conversation was in so far; it wins wherever
 * the words do not clearly say otherwise.
 */
export function replyLanguage(text: string, expected: SharedLanguage): SharedLanguage {
  // A script says more than statistics: of these languages only Hindi is written in Devanagari.
  if (/\p{Script=Devanagari}/u.test(text)) return "hi";
  const words = text.match(/\p{L}[\p{L}\p{M}'’]*/gu) ?? [];
  if (words.join("").length < MIN_LETTERS) return expected;
  const scores = eld.detect(words.join(" ")).getScores();
  const scoreOf = (language: SharedLanguage): number =>
    (scores[language] ?? 0) + (language === expected ? EXPECTED_BONUS : 0);
  const ranked = sharedLanguages
    .filter((language) => language !== "hi")
    .sort((a, b) => scoreOf(b) - scoreOf(a));
  const lead = LEADS[Math.min(words.length, LEADS.length) - 1]!;
  return scoreOf(ranked[0]!) - scoreOf(ranked[1]!) >= lead ? ranked[0]! : expected;
}
