import { expect, test } from "vitest";
import { completeness } from "./completeness.ts";

test.each<[string, string | null]>([
  ["What is the capital of France?", "en"],
  ["Why?", "en"],
  ["What is it for?", "en"],
  ["Tell me a joke.", "en"],
  ["¿Qué hora es?", "es"],
  ["Raconte-moi une histoire.", "fr"],
  ["Wie spät ist es?", "de"],
  ["आज मौसम कैसा है?", "hi"],
  ["What is the capital?", null],
])("R13 %j sounds finished", (text, language) => {
  expect(completeness(text, language)).toBeGreaterThan(0.7);
});

test.each<[string, string | null]>([
  ["What is the", "en"],
  ["What is the capital of.", "en"],
  ["Tell me a story about a robot and", "en"],
  ["Well,", "en"],
  ["I would like…", "en"],
  ["So I thought...", null],
  ["How", "en"],
  ["Quiero saber si", "es"],
  ["Je voudrais un", "fr"],
  ["Erzähl mir von der", "de"],
  ["Dimmi", "it"],
  ["Eu gosto de", "pt"],
  ["Vertel over de", "nl"],
  ["मुझे बताओ कि", "hi"],
])("R13 %j sounds unfinished", (text, language) => {
  expect(completeness(text, language)).toBeLessThan(0.3);
});

test.each([
  ["", "en"],
  ["…".slice(1), "en"],
  ["capital France Paris", "en"],
  ["tell me more about Rome", "en"],
  ["what is the", null],
])("R13 %j leaves it open", (text, language) => {
  expect(Math.abs(completeness(text, language) - 0.5)).toBeLessThanOrEqual(0.1);
});
