import { wordsOf } from "./interjections.ts";

/** Words that cannot end a sentence, by ISO 639-1 code: articles, conjunctions, prepositions, auxiliaries, possessives. */
const dangling: Readonly<Record<string, string>> = {
  en: "a an the and or but because so if when while that which who of to in on at by for from with about into than as is are was were am be do does did can could would should will my your his her its our their this these every each very what's where's how's um uh like",
  es: "el la los las un una unos unas y e o u pero porque si cuando que de del a al en con por para sin sobre como es son está están mi tu su muy este esta cada eh",
  fr: "le la les l un une des du de d et ou mais parce que qu si quand à au aux en dans avec pour sans sur chez est sont suis mon ma mes ton ta ton son sa ses très ce cette chaque euh",
  de: "der die das den dem des ein eine einen einem einer und oder aber weil wenn dass ob als wie von zu zum zur in im an am auf mit für aus bei nach über ist sind war mein meine dein deine sein seine sehr dieser diese jeder äh ähm",
  it: "il lo la i gli le un uno una e o ma perché se quando che di del della a al alla da in con per su tra è sono mio mia tuo tua suo sua molto questo questa ogni ehm",
  pt: "o a os as um uma uns umas e ou mas porque se quando que de do da em no na com por para sem sobre é são está meu minha seu sua muito este esta cada hum",
  nl: "de het een en of maar omdat als wanneer dat die van naar in op aan met voor uit bij over is zijn was mijn jouw zijn haar heel deze dit elke eh",
  hi: "और या लेकिन क्योंकि अगर जब कि का की के को से में पर एक यह वह मेरा मेरी",
};
/** Words that open a question: alone they ask for more to come. */
const opening: Readonly<Record<string, string>> = {
  en: "what where when which how whose who why tell give show explain could can",
  es: "qué dónde cuándo cuál cómo quién cuánto dime",
  fr: "quoi où quand quel quelle comment combien qui dis",
  de: "was wo wann welche welcher wie wer warum erzähl",
  it: "cosa dove quando quale come chi quanto dimmi",
  pt: "o que onde quando qual como quem quanto diga",
  nl: "wat waar wanneer welke hoe wie vertel",
  hi: "क्या कहाँ कब कौन कैसे कितना",
};

const UNKNOWN = 0.5;
const UNFINISHED = 0.1;
/** A model that writes down what was said so far ends it with a full stop more often than its speaker did. */
const STATED = 0.75;
const ASKED = 0.95;
/** A sentence of this many words without a mark is as likely finished as not. */
const LONG = 4;

/**
 * How finished the words so far sound, as the listener's `hint` wants it: 0 surely not, 0.5 no idea, 1 surely. Judged by
 * the last word and the last mark; without a language (ISO 639-1) the marks alone decide.
 */
export function completeness(text: string, language: string | null): number {
  const words = wordsOf(text);
  const last = words.at(-1);
  if (last === undefined) return UNKNOWN;
  const has = (table: Readonly<Record<string, string>>, word: string): boolean =>
    language !== null && (table[language]?.split(" ").includes(word) ?? false);
  const mark = text.trimEnd().at(-1) ?? "";
  if (/[,;:…—–-]/u.test(mark) || text.trimEnd().endsWith("...")) return UNFINISHED;
  // "Why?" is whole, and so is "what is it for?": the mark is heard in the melody.
  if (/[?？؟]/u.test(mark)) return ASKED;
  if (has(dangling, last)) return UNFINISHED;
  if (words.length === 1 && has(opening, last)) return UNFINISHED;
  if (/[.!。！।]/u.test(mark)) return STATED;
  return words.length < LONG ? UNKNOWN - 0.1 : UNKNOWN + 0.05;
}
