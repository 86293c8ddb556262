import { readFileSync } from "node:fs";
import { decodeWav } from "../../src/main/models/listener/wav.ts";
import { sampleQuestions } from "../../src/main/app/sample-questions.ts";
import type { SpokenQuestion } from "./soak.ts";

/** Those that are recorded as a microphone would send them, and too long for a "mm-hm". */
const spoken = new Set(["capital-of-france", "tell-me-a-joke", "tell-me-a-story"]);

/** Questions to which the demo pack has answers of one sentence and of many. */
export function spokenQuestions(): SpokenQuestion[] {
  const folder = new URL("../../samples/", import.meta.url);
  return sampleQuestions(folder.pathname)
    .filter(({ id }) => spoken.has(id))
    .map(({ id, question, file }) => ({
      text: question,
      sampleId: id,
      samples: decodeWav(readFileSync(file), 60_000).samples,
    }));
}
