import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { joined, recording, silence, whiteNoise, words } from "../../../../tests/support/speech.ts";
import { FRAME_SAMPLES } from "./frames.ts";
import { SileroDetector, sileroPath } from "./silero.ts";

let silero: SileroDetector;
beforeAll(async () => {
  silero = await SileroDetector.load(sileroPath());
});
afterAll(() => silero[Symbol.asyncDispose]());

async function probabilities(samples: Float32Array): Promise<number[]> {
  const result: number[] = [];
  for (let at = 0; at + FRAME_SAMPLES <= samples.length; at += FRAME_SAMPLES) {
    result.push(await silero.judge(samples.subarray(at, at + FRAME_SAMPLES)));
  }
  return result;
}

describe("R13 Silero", () => {
  test.each(["biggest-planet", "private", "tell-me-a-story"])("hears %s", async (name) => {
    const heard = await probabilities(words(name));
    expect(heard.filter((probability) => probability > 0.5).length / heard.length).toBeGreaterThan(0.8);
  });

  test("hears nothing in noise or silence", async () => {
    const heard = await probabilities(joined(silence(500), whiteNoise(32_000, -25), silence(500)));
    expect(Math.max(...heard.slice(5))).toBeLessThan(0.15);
  });

  test("a glance ahead changes nothing of the stream", async () => {
    const other = await SileroDetector.load(sileroPath());
    const fresh = await SileroDetector.load(sileroPath());
    const sound = recording("five-plus-six");
    for (let at = 0; at + FRAME_SAMPLES <= sound.length; at += FRAME_SAMPLES) {
      const frame = sound.subarray(at, at + FRAME_SAMPLES);
      const glance = await other.peek(frame);
      await other.peek(whiteNoise(300, -20));
      expect(await other.judge(frame)).toBe(glance);
      expect(await fresh.judge(frame)).toBe(glance);
    }
    await Promise.all([other, fresh].map((detector) => detector[Symbol.asyncDispose]()));
  });

  test("what is no model is refused with a sentence", async () => {
    await expect(SileroDetector.load("/nowhere.onnx")).rejects.toMatchObject({ code: "model-missing" });
    await expect(SileroDetector.load(import.meta.filename)).rejects.toMatchObject({ code: "model-corrupt" });
  });
});
