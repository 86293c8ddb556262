import type { LatencyRecord } from "../../shared/app-contract.ts";
import { latencyTargets, percentile } from "../../shared/metrics.ts";

/** What the dashboard counts over turns; the first is the headline. */
export const measureNames = [
  "keyToSoundMs",
  "firstTokenMs",
  "firstWordMs",
  "firstAudioMs",
  "interTokenMs",
  "endToSoundMs",
  "interruptToSilenceMs",
] as const;
export type MeasureName = (typeof measureNames)[number];

export const measures: Readonly<
  Record<MeasureName, { readonly title: string; readonly targetMs: number | null }>
> = {
  keyToSoundMs: { title: "Key to sound", targetMs: null },
  firstTokenMs: { title: "First token", targetMs: latencyTargets.firstTokenMs },
  firstWordMs: { title: "First word", targetMs: latencyTargets.firstWordMs },
  firstAudioMs: { title: "First audio", targetMs: latencyTargets.firstAudioMs },
  interTokenMs: { title: "Inter-token", targetMs: latencyTargets.interTokenMs },
  endToSoundMs: { title: "Voice to sound", targetMs: null },
  // By voice; by key it is 50 ms (R46).
  interruptToSilenceMs: { title: "Stop to silence", targetMs: 250 },
};

/** A turn's value of a measure in milliseconds; null when the turn did not get that far. */
export function measureOf(record: LatencyRecord, name: MeasureName): number | null {
  switch (name) {
    case "keyToSoundMs":
    case "endToSoundMs":
    case "interruptToSilenceMs":
      return record[name];
    case "interTokenMs":
      return record.metrics.interTokenMs.p50;
    default:
      return record.metrics[name];
  }
}

export interface Summary {
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/** Nearest-rank percentiles; null without values. */
export function summarise(values: readonly number[]): Summary | null {
  if (values.length === 0) return null;
  return {
    count: values.length,
    p50: percentile(values, 0.5),
    p95: percentile(values, 0.95),
    p99: percentile(values, 0.99),
    max: Math.max(...values),
  };
}

/** The values of those records that have one. */
export function valuesOf(
  records: readonly LatencyRecord[],
  pick: (record: LatencyRecord) => number | null,
): number[] {
  return records.map(pick).filter((value) => value !== null);
}

/** What besides time tells how well turns went. */
export interface Health {
  readonly turns: number;
  readonly coldTurns: number;
  readonly underruns: number;
  /** Share of replies that were heard without a gap. */
  readonly continuity: number | null;
  readonly realTimeFactor: number | null;
  readonly queueMs: number | null;
  readonly sendMs: number | null;
  /** Share of prompt positions that came from the cache. */
  readonly reusedShare: number | null;
}

export function healthOf(records: readonly LatencyRecord[]): Health {
  const median = (pick: (record: LatencyRecord) => number | null): number | null =>
    summarise(valuesOf(records, pick))?.p50 ?? null;
  const sum = (pick: (record: LatencyRecord) => number): number =>
    records.reduce((total, record) => total + pick(record), 0);
  const spoken = records.filter(({ queue }) => queue.playedSamples > 0);
  const reused = sum(({ metrics }) => metrics.reusedTokens);
  const promptTokens = reused + sum(({ metrics }) => metrics.prefillTokens);
  return {
    turns: records.length,
    coldTurns: records.filter(({ isCold }) => isCold).length,
    underruns: sum(({ queue }) => queue.underruns),
    continuity:
      spoken.length === 0 ? null : spoken.filter(({ queue }) => queue.underruns === 0).length / spoken.length,
    realTimeFactor: median(({ metrics }) => metrics.realTimeFactor),
    queueMs: median(({ queue }) => queue.queueLatencyMs.p50),
    sendMs: median(({ queue }) => queue.sendLatencyMs.p50),
    reusedShare: promptTokens === 0 ? null : reused / promptTokens,
  };
}

/** What answering ahead of the release brought over turns (R42). */
export interface Ahead {
  /** Turns with a pause that was used, one way or the other. */
  readonly turns: number;
  /** Share of those whose work became the answer; null without any. */
  readonly hitRate: number | null;
  /** Of each hit. */
  readonly savedMs: readonly number[];
  /** Work done and dropped, over all turns. */
  readonly wastedMs: number;
}

export function aheadOf(records: readonly LatencyRecord[]): Ahead {
  const tried = records.map(({ metrics }) => metrics.speculation).filter(({ outcome }) => outcome !== "none");
  const savedMs = tried.filter(({ outcome }) => outcome === "hit").map((turn) => turn.savedMs);
  return {
    turns: tried.length,
    hitRate: tried.length === 0 ? null : savedMs.length / tried.length,
    savedMs,
    wastedMs: tried.reduce((sum, turn) => sum + turn.wastedMs, 0),
  };
}
