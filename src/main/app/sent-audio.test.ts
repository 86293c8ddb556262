import { expect, test } from "vitest";
import type { PlayerAudio } from "../../shared/app-contract.ts";
import { SentAudio } from "./sent-audio.ts";

function chunk(index: number, startSample: number, samples: number): PlayerAudio {
  return {
    conversationId: "c",
    turnId: "t",
    chunkId: `t-${index}`,
    index,
    voice: "af_heart",
    textSource: "hello there",
    sampleRate: 24_000,
    startSample,
    pcm: Float32Array.from({ length: samples }, (_, sample) => startSample + sample),
    words: [
      { text: "hello", startSample: 0, endSample: samples / 2 },
      { text: "there", startSample: samples / 2, endSample: samples },
    ],
    replyStart: 0,
    replyEnd: 11,
    sentAtMs: 0,
  };
}

test("R14 a reloaded page gets exactly what was not heard, counted from 0, and its reports count on", () => {
  const sent = new SentAudio("t");
  for (const [index, start] of [0, 100, 200].entries()) sent.add(chunk(index, start, 100));
  expect(sent.played(130)).toBe(130);
  sent.end(300);

  const { baseSamples, chunks, endSamples } = sent.resume();
  expect(baseSamples).toBe(130);
  expect(chunks.map(({ startSample, pcm }) => [startSample, pcm.length])).toEqual([
    [0, 70],
    [70, 100],
  ]);
  expect(chunks.flatMap(({ pcm }) => [...pcm])).toEqual(Array.from({ length: 170 }, (_, i) => 130 + i));
  expect(chunks[0]?.words).toEqual([
    { text: "hello", startSample: 0, endSample: 20 },
    { text: "there", startSample: 20, endSample: 70 },
  ]);
  expect(endSamples).toBe(170);
  expect(sent.played(170)).toBe(300);
});

test("R14 chunks that come after the reload are placed where the new page counts; a second reload works too", () => {
  const sent = new SentAudio("t");
  sent.add(chunk(0, 0, 100));
  sent.played(40);
  sent.resume();
  sent.add(chunk(1, 100, 100));
  expect(sent.rebased(chunk(1, 100, 100)).startSample).toBe(60);
  expect(sent.played(90)).toBe(130);
  expect(sent.resume()).toMatchObject({ baseSamples: 130, chunks: [{ startSample: 0 }], endSamples: null });
});

test("acknowledged chunks are let go, and late or repeated acknowledgements never go back", () => {
  const sent = new SentAudio("t");
  sent.add(chunk(0, 0, 100));
  sent.add(chunk(1, 100, 100));
  expect(sent.played(150)).toBe(150);
  expect(sent.played(20)).toBe(150);
  expect(sent.resume().chunks).toHaveLength(1);
});
