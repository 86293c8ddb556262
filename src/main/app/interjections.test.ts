import { expect, test } from "vitest";
import { interjectionIn } from "./interjections.ts";

test.each<[string, string | null, string | null]>([
  ["Stop.", "en", "stop"],
  ["Wait, wait!", "en", "stop"],
  ["No, no, not that.", "en", "stop"],
  ["Hold on a second.", "en", "stop"],
  ["Mm-hm.", "en", "backchannel"],
  ["Yeah, okay.", "en", "backchannel"],
  ["Oh, I see.", "en", "backchannel"],
  ["Right", "en", "backchannel"],
  ["Stopping by the woods", "en", null],
  ["No country for old men is a film", "en", null],
  ["Okay, and tomorrow?", "en", null],
  ["What about Rome?", "en", null],
  ["", "en", null],
  ["…", "en", null],
  ["Espera un momento.", "es", "stop"],
  ["Sí, claro.", "es", "backchannel"],
  ["Arrête !", "fr", "stop"],
  ["D'accord.", "fr", "backchannel"],
  ["Warte mal.", "de", "stop"],
  ["Ach so, genau.", "de", "backchannel"],
  ["Aspetta!", "it", "stop"],
  ["Va bene.", "it", "backchannel"],
  ["Não, não.", "pt", "stop"],
  ["Tá bom.", "pt", "backchannel"],
  ["Wacht even.", "nl", "stop"],
  ["रुको!", "hi", "stop"],
  ["ठीक है।", "hi", "backchannel"],
  // "para" is Spanish for "stop"; nothing of the kind in English.
  ["para", "en", null],
  ["para", null, "stop"],
  ["Genau.", null, "backchannel"],
  ["stop", "xx", "stop"],
])("R13 %j in %s means %s", (text, language, meaning) => {
  expect(interjectionIn(text, language)).toBe(meaning);
});
