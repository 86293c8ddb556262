import { expect, test } from "vitest";
import { findVoice, similarVoices, voiceForLanguage, voiceLanguages, voices } from "./voices.ts";

test("R7 there are 54 voices in 9 languages, each id once", () => {
  expect(voices).toHaveLength(54);
  expect(new Set(voices.map(({ id }) => id)).size).toBe(54);
  expect(new Set(voices.map(({ language }) => language))).toEqual(new Set(voiceLanguages));
});

test("R7 an id tells language and gender", () => {
  for (const { id, gender, name } of voices) {
    expect(id).toMatch(/^[abefhijpz][fm]_[a-z]+$/);
    expect(gender).toBe(id[1] === "f" ? "female" : "male");
    expect(id.slice(3)).toBe(name.toLowerCase());
  }
  expect(findVoice("bm_george")).toMatchObject({ language: "en-GB", espeakVoice: "en", gender: "male" });
  expect(findVoice("nobody")).toBeUndefined();
});

test.each([
  ["af_hart", "af_heart"],
  ["George", "bm_george"],
  ["FF-SIWIS", "ff_siwis"],
  ["heart", "af_heart"],
])("a misspelt voice %s is near %s", (typed, meant) => {
  expect(similarVoices(typed)).toContain(meant);
});

test.each([
  ["en", undefined, "en-US"],
  ["en-GB", undefined, "en-GB"],
  ["pt-PT", "male", "pt-BR"],
  ["fr_FR", undefined, "fr"],
  // French has no male voice: the language counts more.
  ["fr", "male", "fr"],
] as const)("R25 %s (%s) is spoken by a voice of %s", (tag, gender, language) => {
  expect(voiceForLanguage(tag, gender)?.language).toBe(language);
});

test("R25 Kokoro has no German voice", () => {
  expect(voiceForLanguage("de-DE")).toBeUndefined();
});
