/** What a few words said over an answer mean: it should stop, or it should go on. */
export type Interjection = "stop" | "backchannel";

interface Lexicon {
  /** One of these at the beginning means "stop", whatever follows. */
  readonly stop: readonly string[];
  /** Nothing but these means "I am listening". */
  readonly backchannel: readonly string[];
}

/** Voxtral's languages, by ISO 639-1 code. Spelt as `wordsOf` leaves them: lower case, no marks. */
const lexicons: Readonly<Record<string, Lexicon>> = {
  en: {
    stop: [
      "stop",
      "wait",
      "no",
      "hold on",
      "hang on",
      "shut up",
      "be quiet",
      "enough",
      "never mind",
      "cancel",
    ],
    backchannel: [
      "mm",
      "mhm",
      "mm hm",
      "mmhm",
      "hm",
      "hmm",
      "uh huh",
      "yeah",
      "yes",
      "yep",
      "ok",
      "okay",
      "right",
      "i see",
      "sure",
      "ah",
      "oh",
      "aha",
      "wow",
      "nice",
      "cool",
      "good",
    ],
  },
  es: {
    stop: ["para", "espera", "no", "basta", "alto", "cállate", "un momento", "cancela"],
    backchannel: [
      "mm",
      "mhm",
      "ajá",
      "sí",
      "vale",
      "claro",
      "ya",
      "bien",
      "bueno",
      "ah",
      "oh",
      "ok",
      "entiendo",
    ],
  },
  fr: {
    stop: ["stop", "attends", "attendez", "non", "arrête", "arrêtez", "ça suffit", "tais toi", "un instant"],
    backchannel: [
      "mm",
      "mhm",
      "hm",
      "oui",
      "ouais",
      "d accord",
      "ok",
      "ah",
      "oh",
      "bien",
      "je vois",
      "c est ça",
    ],
  },
  de: {
    stop: [
      "stopp",
      "stop",
      "warte",
      "warten sie",
      "nein",
      "halt",
      "moment",
      "genug",
      "sei still",
      "abbrechen",
    ],
    backchannel: [
      "mm",
      "mhm",
      "hm",
      "ja",
      "jaja",
      "genau",
      "okay",
      "ok",
      "ach so",
      "aha",
      "ah",
      "oh",
      "gut",
      "klar",
      "stimmt",
    ],
  },
  it: {
    stop: ["stop", "ferma", "fermati", "aspetta", "aspetti", "no", "basta", "un attimo", "zitto"],
    backchannel: [
      "mm",
      "mhm",
      "sì",
      "ok",
      "okay",
      "va bene",
      "certo",
      "giusto",
      "ah",
      "oh",
      "capisco",
      "esatto",
    ],
  },
  pt: {
    stop: ["para", "pare", "espera", "espere", "não", "chega", "um momento", "cala a boca"],
    backchannel: [
      "mm",
      "mhm",
      "aham",
      "sim",
      "tá",
      "tá bom",
      "ok",
      "certo",
      "isso",
      "ah",
      "oh",
      "entendi",
      "claro",
    ],
  },
  nl: {
    stop: ["stop", "wacht", "wacht even", "nee", "genoeg", "ho", "stil"],
    backchannel: ["mm", "mhm", "hm", "ja", "oké", "ok", "precies", "juist", "aha", "ah", "oh", "goed"],
  },
  hi: {
    stop: ["रुको", "रुकिए", "रुक", "नहीं", "बस", "ठहरो", "चुप", "स्टॉप"],
    backchannel: ["हाँ", "हां", "जी", "अच्छा", "ठीक", "ठीक है", "हम्म", "ओके", "सही"],
  },
};

/** More words than these are a sentence, whatever it begins with. */
const MAX_WORDS = 4;

/**
 * The meaning of `text`, said over an answer; null when it says something else, or nothing that is known. Without a
 * language (ISO 639-1) every one that is known counts.
 */
export function interjectionIn(text: string, language: string | null): Interjection | null {
  const words = wordsOf(text);
  if (words.length === 0 || words.length > MAX_WORDS) return null;
  const known = language === null ? undefined : lexicons[language];
  const spoken = known ? [known] : Object.values(lexicons);
  // A backchannel first: "no" is among the words that stop, but "yeah, no" is not.
  if (spoken.some(({ backchannel }) => isMadeOf(words, backchannel))) return "backchannel";
  return spoken.some(({ stop }) => stop.some((phrase) => beginsWith(words, phrase))) ? "stop" : null;
}

/** Lower case words without punctuation; apostrophes and hyphens separate. Marks above letters stay. */
export function wordsOf(text: string): string[] {
  return (
    text
      .normalize("NFC")
      .toLocaleLowerCase()
      .match(/[\p{L}\p{M}\p{N}]+/gu) ?? []
  );
}

function beginsWith(words: readonly string[], phrase: string): boolean {
  return phrase.split(" ").every((word, i) => words[i] === word);
}

function isMadeOf(words: readonly string[], phrases: readonly string[]): boolean {
  if (words.length === 0) return true;
  return phrases.some((phrase) => {
    const length = phrase.split(" ").length;
    return beginsWith(words, phrase) && isMadeOf(words.slice(length), phrases);
  });
}
