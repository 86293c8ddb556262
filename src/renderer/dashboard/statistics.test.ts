import { describe, expect, test } from "vitest";
import { latencyRecord } from "../../../tests/renderer/latency-record.ts";
import { aheadOf, healthOf, measureOf, summarise, valuesOf } from "./statistics.ts";

describe("statistics", () => {
  test("R15 percentiles are nearest-rank, whatever the order", () => {
    const values = Array.from({ length: 100 }, (_, index) => ((index * 37) % 100) + 1);
    expect(summarise(values)).toEqual({ count: 100, p50: 50, p95: 95, p99: 99, max: 100 });
    expect(summarise([7])).toEqual({ count: 1, p50: 7, p95: 7, p99: 7, max: 7 });
    expect(summarise([])).toBeNull();
  });

  test("R15 a turn that did not get that far does not count as fast", () => {
    const records = [latencyRecord(), latencyRecord({ keyToSoundMs: null })];
    expect(valuesOf(records, (record) => measureOf(record, "keyToSoundMs"))).toEqual([210]);
    expect(measureOf(latencyRecord(), "interTokenMs")).toBe(11);
    expect(measureOf(latencyRecord(), "firstWordMs")).toBe(74);
  });

  test("R15 health counts gaps, cold turns and reused prompt tokens", () => {
    const health = healthOf([
      latencyRecord({ isCold: true, metrics: { prefillTokens: 300, reusedTokens: 0 } }),
      latencyRecord({ metrics: { prefillTokens: 100, reusedTokens: 400 }, queue: { underruns: 2 } }),
      latencyRecord({ metrics: { prefillTokens: 0, reusedTokens: 0 }, queue: { playedSamples: 0 } }),
    ]);
    expect(health).toMatchObject({ turns: 3, coldTurns: 1, underruns: 2, continuity: 0.5, reusedShare: 0.5 });
    expect(health.realTimeFactor).toBeCloseTo(0.21, 9);
  });

  test("R15 R46 voice to sound and interruption to silence are measures like the others", () => {
    const record = latencyRecord({ endToSoundMs: 480, interruptToSilenceMs: 41 });
    expect(measureOf(record, "endToSoundMs")).toBe(480);
    expect(measureOf(record, "interruptToSilenceMs")).toBe(41);
    expect(measureOf(latencyRecord(), "interruptToSilenceMs")).toBeNull();
  });

  test("R42 the hit rate is of the turns with a pause, and dropped work counts for hits as well", () => {
    const turn = (outcome: "hit" | "miss" | "none", savedMs: number, wastedMs: number) =>
      latencyRecord({ metrics: { speculation: { outcome, attempts: 1, savedMs, wastedMs } } });
    expect(
      aheadOf([turn("hit", 120, 30), turn("hit", 80, 0), turn("miss", 0, 50), turn("none", 0, 0)]),
    ).toEqual({ turns: 3, hitRate: 2 / 3, savedMs: [120, 80], wastedMs: 80 });
    expect(aheadOf([latencyRecord()])).toEqual({ turns: 0, hitRate: null, savedMs: [], wastedMs: 0 });
  });

  test("R15 nothing measured is unknown, not zero", () => {
    expect(healthOf([])).toEqual({
      turns: 0,
      coldTurns: 0,
      underruns: 0,
      continuity: null,
      realTimeFactor: null,
      queueMs: null,
      sendMs: null,
      reusedShare: null,
    });
  });
});
