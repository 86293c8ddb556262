import { expect, test } from "vitest";
import { cutSpeech, findSpeech } from "./silence.ts";

const RATE = 24_000;
const samples = (ms: number): number => (ms * RATE) / 1000;

/** Silence and 200 Hz tones, in turn, with a noise floor 60 dB below. */
function signal(...lengthsMs: number[]): Float32Array {
  const pcm = new Float32Array(samples(lengthsMs.reduce((sum, ms) => sum + ms, 0)));
  let at = 0;
  for (const [i, ms] of lengthsMs.entries()) {
    const gain = i % 2 === 0 ? 0.0005 : 0.5;
    for (const end = at + samples(ms); at < end; at++)
      pcm[at] = gain * Math.sin((2 * Math.PI * 200 * at) / RATE);
  }
  return pcm;
}

test("R2 silence is cut off with a margin before and after", () => {
  const { bounds, pauses } = findSpeech(signal(300, 500, 400));
  expect(bounds).toEqual({ start: samples(290), end: samples(830) });
  expect(pauses).toEqual([]);
});

test("R2 pauses inside are found, a plosive's closure is none", () => {
  const { pauses } = findSpeech(signal(100, 200, 150, 200, 40, 200, 100));
  expect(pauses).toEqual([{ start: samples(210), end: samples(360) }]);
});

test.each([0, 1, 119, 4800])("R64 all silence, %i samples", (length) => {
  expect(findSpeech(new Float32Array(length)).bounds).toEqual({ start: 0, end: 0 });
});

test("R5 a cut begins and ends without a step, stays within [-1, 1] and is followed by its pause", () => {
  const speech = cutSpeech(new Float32Array(4800).fill(1.5), { start: 100, end: 4700 }, 240);
  expect(speech).toHaveLength(4600 + 240);
  expect([speech[0], speech[4599], speech[2300]]).toEqual([0, 0, 1]);
  expect(speech.subarray(4600).every((sample) => sample === 0)).toBe(true);
  const steps = Array.from(speech.subarray(1), (sample, i) => Math.abs(sample - speech[i]!));
  expect(Math.max(...steps)).toBeLessThan(0.03);
});
