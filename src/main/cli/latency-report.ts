import type { TurnEvent } from "../../shared/contract.ts";
import { latencyTargets, percentile } from "../../shared/metrics.ts";

/** One turn of the latency test: everything it said about itself. */
export interface LatencyRun {
  readonly input: string;
  readonly inputMs: number;
  readonly voice: string;
  readonly events: readonly TurnEvent[];
}

export interface Figure {
  readonly name: string;
  readonly targetMs: number;
  readonly n: number;
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
  /** The 95th percentile lies below the target. */
  readonly isMet: boolean;
}

export interface ReferenceTest {
  readonly name: string;
  readonly isPassed: boolean;
  readonly detail: string;
}

/** The reference pipeline's promise for every single inter-token latency (reference-pipeline.md). */
const EVERY_INTER_TOKEN_MS = 100;

type Of<T extends TurnEvent["type"]> = Extract<TurnEvent, { type: T }>;

function eventsOf<T extends TurnEvent["type"]>(run: LatencyRun, type: T): Of<T>[] {
  return run.events.filter((event): event is Of<T> => event.type === type);
}

const gapsOf = (run: LatencyRun): number[] =>
  eventsOf(run, "token").flatMap(({ sincePreviousMs }) =>
    sincePreviousMs === null ? [] : [sincePreviousMs],
  );

/** Percentiles of the four latencies over all runs, against the targets. */
export function figures(runs: readonly LatencyRun[]): Figure[] {
  const metrics = runs.flatMap((run) => eventsOf(run, "turn-finished").map((event) => event.metrics));
  const present = (values: readonly (number | null)[]): number[] => values.filter((value) => value !== null);
  const figure = (name: string, targetMs: number, values: readonly number[]): Figure => {
    const p95 = percentile(values, 0.95);
    return {
      name,
      targetMs,
      n: values.length,
      p50: percentile(values, 0.5),
      p95,
      max: values.length === 0 ? Number.NaN : Math.max(...values),
      // Nothing measured is nothing met: NaN compares false.
      isMet: p95 < targetMs,
    };
  };
  return [
    figure("first token", latencyTargets.firstTokenMs, present(metrics.map((m) => m.firstTokenMs))),
    figure("first word", latencyTargets.firstWordMs, present(metrics.map((m) => m.firstWordMs))),
    figure("first audio", latencyTargets.firstAudioMs, present(metrics.map((m) => m.firstAudioMs))),
    figure("inter-token", latencyTargets.interTokenMs, runs.flatMap(gapsOf)),
  ];
}

/** The five tests of the reference pipeline, over every run. */
export function referenceTests(runs: readonly LatencyRun[]): ReferenceTest[] {
  const failing = (isGood: (run: LatencyRun) => boolean): number => runs.filter((run) => !isGood(run)).length;
  const test = (name: string, isGood: (run: LatencyRun) => boolean, detail: string): ReferenceTest => {
    const failed = failing(isGood);
    return {
      name,
      isPassed: runs.length > 0 && failed === 0,
      detail: failed === 0 ? detail : `${failed} of ${runs.length} runs fail`,
    };
  };
  const firstAudio = (run: LatencyRun): number =>
    eventsOf(run, "turn-finished")[0]?.metrics.firstAudioMs ?? Number.POSITIVE_INFINITY;
  return [
    test(
      "first audio below 400 ms",
      (run) => firstAudio(run) < latencyTargets.firstAudioMs,
      `slowest ${Math.max(...runs.map(firstAudio)).toFixed(0)} ms`,
    ),
    test(
      "tokens streamed one by one, none later than 100 ms after the one before",
      (run) => eventsOf(run, "token").length > 1 && gapsOf(run).every((gap) => gap < EVERY_INTER_TOKEN_MS),
      `slowest ${Math.max(0, ...runs.flatMap(gapsOf)).toFixed(1)} ms`,
    ),
    test(
      "audio streamed in chunks: as many as there are segments, several for an answer of several",
      (run) => {
        const segments = eventsOf(run, "segment").length;
        return segments > 0 && eventsOf(run, "audio").length >= segments;
      },
      `${Math.max(0, ...runs.map((run) => eventsOf(run, "audio").length))} chunks at most`,
    ),
    test(
      "strictly sequential playback, without overlap or hole",
      isSequential,
      "every chunk starts where one ends",
    ),
    test(
      "one voice throughout",
      (run) =>
        eventsOf(run, "audio").every((chunk) => chunk.voice === run.voice) &&
        eventsOf(run, "turn-finished").every((event) => event.queue.voiceConsistent),
      runs[0]?.voice ?? "",
    ),
  ];
}

function isSequential(run: LatencyRun): boolean {
  let expected = 0;
  let previousMs = Number.NEGATIVE_INFINITY;
  const chunks = eventsOf(run, "audio");
  return chunks.every((chunk, index) => {
    const isNext = chunk.index === index && chunk.startSample === expected && chunk.tMs >= previousMs;
    expected += chunk.samples;
    previousMs = chunk.tMs;
    return isNext;
  });
}

/** The report as lines of text. */
export function describe(figuresFound: readonly Figure[], tests: readonly ReferenceTest[]): string {
  const ms = (value: number): string => (Number.isNaN(value) ? "–" : value.toFixed(1)).padStart(8);
  const rows = figuresFound.map(
    ({ name, n, p50, p95, max, targetMs, isMet }) =>
      `${name.padEnd(14)}${String(n).padStart(6)}${ms(p50)}${ms(p95)}${ms(max)}  < ${String(targetMs).padEnd(5)}${isMet ? "pass" : "FAIL"}`,
  );
  return [
    `${"ms".padEnd(14)}${"n".padStart(6)}${"p50".padStart(8)}${"p95".padStart(8)}${"max".padStart(8)}  target`,
    ...rows,
    "",
    ...tests.map(({ name, isPassed, detail }) => `${isPassed ? "pass" : "FAIL"}  ${name} (${detail})`),
  ].join("\n");
}
