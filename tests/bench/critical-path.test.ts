import { expect, test } from "vitest";
import { criticalSessionMs } from "../../bench/critical-path.ts";
import { noSpeculation, type TurnMetrics } from "../../src/shared/contract.ts";

/** A turn whose first segment was ready at 150 ms and whose first sound left at 200 ms. */
const metrics: TurnMetrics = {
  firstTokenMs: 131,
  firstWordMs: 140,
  firstAudioMs: 200,
  interTokenMs: { p50: 10, p95: 10, max: 10 },
  tokens: 4,
  words: 4,
  audioSeconds: 1,
  realTimeFactor: 0.1,
  prefillTokens: 380,
  reusedTokens: 3,
  startGateMs: 0,
  speculation: noSpeculation,
  spans: [
    { name: "capture", startMs: -2000, endMs: 0 },
    // A window that was full while its speaker went on: the listener of the answer never waits for it.
    { name: "encode", startMs: -90, endMs: -10, index: 0, sessionMs: 79 },
    { name: "mel", startMs: 0, endMs: 2 },
    { name: "encode", startMs: 3, endMs: 103, index: 1, sessionMs: 99 },
    { name: "prefill", startMs: 103, endMs: 130, sessionMs: 26 },
    { name: "decode", startMs: 130, endMs: 131, index: 0, sessionMs: 0 },
    { name: "segment", startMs: 131, endMs: 150, index: 0 },
    { name: "decode", startMs: 131, endMs: 140, index: 1, sessionMs: 8 },
    { name: "decode", startMs: 140, endMs: 149, index: 2, sessionMs: 7 },
    { name: "phonemes", startMs: 151, endMs: 155, index: 0 },
    // Beside the first synthesis, so not before the sound but with it.
    { name: "decode", startMs: 149, endMs: 160, index: 3, sessionMs: 10 },
    { name: "synthesis", startMs: 155, endMs: 196, index: 0, sessionMs: 40 },
    { name: "synthesis", startMs: 197, endMs: 260, index: 1, sessionMs: 60 },
  ],
};

test("R6 the critical path counts the runs that the first sound had to wait for, each once", () => {
  expect(criticalSessionMs(metrics)).toBe(99 + 26 + 0 + 8 + 7 + 40);
});

test("R6 a turn without sound has no critical path", () => {
  expect(criticalSessionMs({ ...metrics, firstAudioMs: null })).toBeNaN();
});
