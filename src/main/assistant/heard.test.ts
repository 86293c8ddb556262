import { describe, expect, test } from "vitest";
import type { AudioChunk } from "../../shared/audio.ts";
import { heardCharacters, type SpokenChunk } from "./heard.ts";
import { SpeechPlanner, type Segment } from "./speech-planner.ts";

const WORD = 1_000;

/** Speaks `reply` with every word 1 000 samples long, `wordsAChunk` words in a chunk. */
function speak(reply: string, wordsAChunk = Number.POSITIVE_INFINITY): SpokenChunk[] {
  const planner = new SpeechPlanner();
  const segments: Segment[] = [...planner.push(reply), ...planner.finish()];
  const spoken: SpokenChunk[] = [];
  let startSample = 0;
  for (const segment of segments) {
    const words = segment.text.split(" ");
    for (let at = 0; at < words.length; at += wordsAChunk) {
      const part = words.slice(at, at + wordsAChunk);
      const chunk: AudioChunk = {
        chunkId: `${segment.index}-${at}`,
        conversationId: "c",
        turnId: "t",
        index: spoken.length,
        voice: "af_heart",
        textSource: part.join(" "),
        sampleRateHz: 24_000,
        pcm: new Float32Array(part.length * WORD),
        startSample,
        words: part.map((text, i) => ({ text, startSample: i * WORD, endSample: (i + 1) * WORD })),
      };
      spoken.push({ chunk, segment, wordsBefore: at });
      startSample += chunk.pcm.length;
    }
  }
  return spoken;
}

const heardOf = (reply: string, playedSamples: number, wordsAChunk?: number): string =>
  reply.slice(0, heardCharacters(speak(reply, wordsAChunk), playedSamples));

describe("R16 what was heard", () => {
  const reply = "The capital of France is Paris. It lies on the Seine, as everyone knows.";

  test.each([
    [0, ""],
    [WORD - 1, ""],
    [WORD, "The"],
    [4 * WORD, "The capital of France"],
    [6.5 * WORD, "The capital of France is Paris."],
    [11 * WORD, "The capital of France is Paris. It lies on the Seine,"],
    [14 * WORD, reply],
    [99 * WORD, reply],
  ])("after %d samples", (samples, heard) => {
    expect(heardOf(reply, samples)).toBe(heard);
    // A segment that was too long for the voice arrives in several chunks.
    expect(heardOf(reply, samples, 2)).toBe(heard);
  });

  test.each([
    ["a dash between words", "Well — that is odd.", 2, "Well —"],
    ["emphasis", "It is **very good** indeed.", 4, "It is **very good"],
    ["a link", "Look at [this page](https://a.example/x) today, please.", 4, "Look at [this page"],
    ["a name that is said as several words", "Set my_long_name to one.", 2, "Set my"],
    ["code nobody hears", "Run:\n```\nrm -rf x y z\n```\nand wait.", 2, "Run:\n```\nrm -rf x y z\n```\nand"],
    ["emoji", "Hi 👋🏽 there 🎉 my friend.", 2, "Hi 👋🏽 there"],
    ["list marks", "- first item\n- second item", 3, "- first item\n- second"],
  ])("%s", (_name, source, words, heard) => {
    expect(heardOf(source, words * WORD)).toBe(heard);
  });
});
