import { describe, expect, test } from "vitest";
import { turnMetricsSchema } from "../../shared/contract.ts";
import { LatencyTrace } from "./latency-trace.ts";

const RELEASE = 1_700_000_000_000;

describe("R6 latency trace", () => {
  test("everything counts from the release of the key", () => {
    const trace = new LatencyTrace(RELEASE);
    trace.add({ name: "capture", startMs: RELEASE - 1_500, endMs: RELEASE });
    trace.add({ name: "encode", startMs: RELEASE + 1, endMs: RELEASE + 60, index: 0, sessionMs: 58 });
    trace.prefilled(376, 12);
    expect(trace.token("Par", RELEASE + 80)).toBeNull();
    expect(trace.token("is", RELEASE + 90)).toBe(10);
    expect(trace.token(" is", RELEASE + 120)).toBe(30);
    trace.segment(RELEASE + 121);
    trace.add({ name: "synthesis", startMs: RELEASE + 130, endMs: RELEASE + 180 });
    trace.audio(RELEASE + 181, 2);
    trace.audio(RELEASE + 400, 0.5);
    trace.replied(RELEASE + 500);
    const metrics = turnMetricsSchema.parse(trace.metrics());
    expect(metrics).toMatchObject({
      firstTokenMs: 80,
      firstWordMs: 120,
      firstAudioMs: 181,
      interTokenMs: { p50: 10, p95: 30, max: 30 },
      tokens: 3,
      words: 2,
      audioSeconds: 2.5,
      realTimeFactor: 0.02,
      prefillTokens: 376,
      reusedTokens: 12,
    });
    expect(metrics.spans.map(({ name, startMs }) => [name, startMs])).toEqual([
      ["capture", -1_500],
      ["encode", 1],
      ["segment", 80],
      ["synthesis", 130],
    ]);
    expect(metrics.spans[1]).toMatchObject({ index: 0, sessionMs: 58 });
  });

  test.each([
    ["a space", ["It", "'s", " fine"], 2],
    ["punctuation", ["Yes", "!"], 1],
    ["the end of the reply", ["Yes"], 9],
  ])("the first word is complete with %s", (_name, texts, expected) => {
    const trace = new LatencyTrace(RELEASE);
    for (const [index, text] of texts.entries()) trace.token(text, RELEASE + index);
    trace.replied(RELEASE + 9);
    expect(trace.metrics().firstWordMs).toBe(expected);
  });

  test("a turn in which nothing happened has no figures", () => {
    expect(turnMetricsSchema.parse(new LatencyTrace(RELEASE).metrics())).toMatchObject({
      firstTokenMs: null,
      firstWordMs: null,
      firstAudioMs: null,
      interTokenMs: { p50: null, p95: null, max: null },
      tokens: 0,
      realTimeFactor: null,
      spans: [],
    });
  });
});
