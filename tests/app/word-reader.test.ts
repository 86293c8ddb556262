import { afterAll, beforeAll, expect, test } from "vitest";
import { completeness } from "../../src/main/app/completeness.ts";
import { WordReader } from "../../src/main/app/word-reader.ts";
import type { Engine } from "../../src/main/models/engine.ts";
import { defaultListening, type VoiceActivity } from "../../src/main/models/services.ts";
import { sampleQuestion } from "../support/app-microphone.ts";
import { startNano } from "../support/nano.ts";

let engine: Engine;
let reader: WordReader;
const france = sampleQuestion("capital-of-france");

beforeAll(async () => {
  engine = startNano();
  await engine.ready;
  await engine.listener.call("configure", defaultListening);
  reader = new WordReader(() => engine);
});
afterAll(() => engine.dispose());

/** Says the question into an open utterance, and resolves with the pause after it. */
async function said(utteranceId: string): Promise<Extract<VoiceActivity, { type: "paused" }>> {
  const { promise, resolve } = Promise.withResolvers<Extract<VoiceActivity, { type: "paused" }>>();
  const leave = engine.listener.on("voice", (activity) => {
    if (activity.type === "paused") resolve(activity);
  });
  await engine.listener.call("begin", { utteranceId, preRollMs: 0, trimSilence: true });
  for (const samples of [france, new Float32Array(16_000 / 4)]) {
    engine.listener.notify("push", { samples, sampleRateHz: 16_000 });
  }
  return promise.finally(leave);
}

test("R13 the words of an open question are read in its pause, and say that it is finished", async () => {
  const paused = await said("open");
  expect(paused.utteranceId).toBe("open");
  const text = await reader.read("open", paused.samples);
  expect(text).toMatch(/capital of France/i);
  expect(completeness(text!, "en")).toBeGreaterThan(0.7);
  // Reading has not touched it: it ends where the pause said it would.
  expect((await engine.listener.call("end", { utteranceId: "open" })).samples).toBe(paused.samples);
});

test("R13 what was said over an answer is read from its first sample", async () => {
  const { endSample } = await said("answered meanwhile");
  await engine.listener.call("end", { utteranceId: "answered meanwhile" });
  const text = await reader.overhear(endSample - france.length);
  expect(text).toMatch(/capital of France/i);
});

test("R13 a reading that is abandoned, or of nothing, is no reading", async () => {
  const { samples } = await said("abandoned");
  const reading = reader.read("abandoned", samples);
  reader.abandon();
  expect(await reading).toBeNull();
  expect(await reader.read("never heard of", 16_000)).toBeNull();
  await engine.listener.call("end", { utteranceId: "abandoned", discard: true });
});
