import { describe, expect, test } from "vitest";
import {
  languageOfVoice,
  sharedLanguages,
  voiceSpeaking,
  type SharedLanguage,
} from "../../../shared/voices.ts";
import { replyLanguage } from "./reply-language.ts";

/** How answers begin: short ones, ones with names and numbers, ones full of words that several languages share. */
const beginnings: Record<SharedLanguage, readonly string[]> = {
  en: [
    "The capital of France is Paris.",
    "Yes, of course.",
    "Two plus two is four.",
    "Sure, here is a short list:",
    "I am not certain about that.",
    "It takes about 20 minutes.",
    "A spider has eight legs.",
    "Hello! How can I help you today?",
    "Madrid is the capital of Spain.",
    "Good question.",
  ],
  es: [
    "La capital de Francia es París.",
    "Sí, por supuesto.",
    "Dos más dos son cuatro.",
    "Claro, aquí tienes una lista corta:",
    "No estoy seguro de eso.",
    "Se tarda unos 20 minutos.",
    "Una araña tiene ocho patas.",
    "¡Hola! ¿En qué puedo ayudarte hoy?",
    "Madrid es la capital de España.",
    "Buena pregunta.",
  ],
  fr: [
    "La capitale de la France est Paris.",
    "Oui, bien sûr.",
    "Deux plus deux font quatre.",
    "Bien sûr, voici une courte liste :",
    "Je n'en suis pas certain.",
    "Cela prend environ 20 minutes.",
    "Une araignée a huit pattes.",
    "Bonjour ! Comment puis-je vous aider ?",
    "Madrid est la capitale de l'Espagne.",
    "Bonne question.",
  ],
  hi: [
    "फ्रांस की राजधानी पेरिस है।",
    "हाँ, ज़रूर।",
    "दो और दो चार होते हैं।",
    "नमस्ते! मैं आपकी कैसे मदद कर सकता हूँ?",
    "Paris फ्रांस की राजधानी है।",
  ],
  it: [
    "La capitale della Francia è Parigi.",
    "Sì, certamente.",
    "Due più due fa quattro.",
    "Certo, ecco un breve elenco:",
    "Non ne sono sicuro.",
    "Ci vogliono circa 20 minuti.",
    "Un ragno ha otto zampe.",
    "Ciao! Come posso aiutarti oggi?",
    "Madrid è la capitale della Spagna.",
    "Buona domanda.",
  ],
  pt: [
    "A capital da França é Paris.",
    "Sim, claro.",
    "Dois mais dois são quatro.",
    "Claro, aqui está uma lista curta:",
    "Não tenho certeza disso.",
    "Demora cerca de 20 minutos.",
    "Uma aranha tem oito pernas.",
    "Olá! Como posso ajudar você hoje?",
    "Madri é a capital da Espanha.",
    "Boa pergunta.",
  ],
};

/** What the pipeline asks with: the first few words, which is all there is when the first segment is spoken. */
const firstWords = (text: string, count: number): string => text.split(" ").slice(0, count).join(" ");

describe("R25 the language of a reply", () => {
  for (const language of sharedLanguages) {
    test.each(beginnings[language])(`${language}, expected: %s`, (text) => {
      expect(replyLanguage(text, language)).toBe(language);
    });
    test.each(beginnings[language])(`${language}, after English: %s`, (text) => {
      expect(replyLanguage(text, "en")).toBe(language);
    });
  }

  test.each([
    { count: 4, share: 0.06 },
    { count: 3, share: 0.15 },
    { count: 2, share: 0.3 },
  ])("known from its first $count words, whatever was expected", ({ count, share }) => {
    const all = sharedLanguages.flatMap((language) =>
      sharedLanguages.flatMap((expected) =>
        beginnings[language].map((text) => ({ language, expected, said: firstWords(text, count) })),
      ),
    );
    const wrong = all.filter(({ language, expected, said }) => replyLanguage(said, expected) !== language);
    expect(wrong.length / all.length, wrong.map(({ said }) => said).join(" | ")).toBeLessThanOrEqual(share);
  });

  test("two words never leave the language that is right", () => {
    const left = sharedLanguages.flatMap((language) =>
      beginnings[language].filter((text) => replyLanguage(firstWords(text, 2), language) !== language),
    );
    // "Paris" before a Hindi sentence is the same word in every language.
    expect(left.filter((text) => !text.startsWith("Paris"))).toEqual([]);
  });

  test("a name, a number or nothing at all stays in the expected language", () => {
    for (const text of ["", "42.", "Paris.", "OK", "3.14", "…", "Madrid"]) {
      expect(replyLanguage(text, "it"), text).toBe("it");
    }
  });
});

describe("R25 the voice that speaks it", () => {
  test("the chosen voice, where it speaks the language", () => {
    expect(voiceSpeaking("en", "bm_george")).toBe("bm_george");
    expect(voiceSpeaking("fr", "ff_siwis")).toBe("ff_siwis");
  });

  test("else a voice of the language and, where there is one, of the same gender", () => {
    for (const language of sharedLanguages) {
      for (const chosen of ["af_heart", "am_michael", "zf_xiaobei"]) {
        const voice = voiceSpeaking(language, chosen);
        expect(languageOfVoice(voice), `${language} ${chosen}`).toBe(language);
      }
    }
    expect(voiceSpeaking("es", "am_michael")).toBe("em_alex");
    expect(voiceSpeaking("pt", "af_heart")).toBe("pf_dora");
    expect(voiceSpeaking("fr", "am_michael")).toBe("ff_siwis");
  });
});
