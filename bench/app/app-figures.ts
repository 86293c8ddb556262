import type { LatencyRecord } from "../../src/shared/app-contract.ts";
import { percentile } from "../../src/shared/metrics.ts";
import { figure, type Figure } from "../figures.ts";
import type { PageTimes } from "./chromium.ts";
import type { Replies } from "./phases.ts";
import { memorySlopes, spread, type MemorySample } from "./statistics.ts";

/** Three blocks of microphone audio: a quarter of the shortest pause that is seen. */
const CAPTURE_BUDGET_MS = 24;
/** A frame at 60 Hz: later than that and a person can see it. */
const FRAME_MS = 1000 / 60;
/**
 * A thousand turns are a long day; 20 KB each is 20 MB, a twentieth of what the smallest real model takes. Below it,
 * a slope over 150 turns drowns in what the garbage collector and malloc keep.
 */
export const MEMORY_AIM_KB = 20;

/** Everything that one run measured. */
export interface AppMeasurement {
  readonly captureMs: readonly number[];
  readonly replies: Replies;
  readonly memory: readonly MemorySample[];
  /** Samples up to this turn are warm-up and do not count. */
  readonly warmTurns: number;
  readonly page: PageTimes | null;
  /** The latency records of the page's turns. */
  readonly pageRecords: readonly LatencyRecord[];
}

/** Ratios and what has an aim first, then what is only told. */
export function appFigures(measured: AppMeasurement): Figure[] {
  const capture = spread(measured.captureMs);
  const chunks = spread(measured.replies.chunksMs);
  const firstAudio = percentile(measured.replies.firstAudioMs, 0.5);
  const loop = measured.replies.loop;
  const loopP99 = spread(loop.map(({ p99Ms }) => p99Ms));
  const figures = [
    figure(
      "microphone to listener, p99 ÷ three blocks",
      capture.p99 / CAPTURE_BUDGET_MS,
      0.5,
      spell(capture, "blocks"),
    ),
    figure(
      "main to page, p99 ÷ first audio",
      chunks.p99 / firstAudio,
      0.1,
      `${spell(chunks, "chunks")}; first audio ${ms(firstAudio)}`,
    ),
    figure(
      "event-loop lag of main in a reply, p99",
      loopP99.p50,
      10,
      `median over ${loop.length} replies; p50 ${ms(
        percentile(
          loop.map(({ p50Ms }) => p50Ms),
          0.5,
        ),
      )}, max ${ms(Math.max(...loop.map(({ maxMs }) => maxMs)))}`,
      "ms",
    ),
    ...Object.entries(memorySlopes(measured.memory, measured.warmTurns)).map(([name, kb]) =>
      figure(`memory of ${name} a turn`, kb, MEMORY_AIM_KB, weights(measured, name), "KB"),
    ),
  ];
  if (measured.page !== null) figures.push(...pageFigures(measured.page, measured.pageRecords));
  return figures;
}

function pageFigures(page: PageTimes, records: readonly LatencyRecord[]): Figure[] {
  const drift = spread(page.driftMs);
  const capture = spread(page.captureMs);
  const of = (value: (record: LatencyRecord) => number | null | undefined): number[] =>
    records.map(value).filter((one) => typeof one === "number");
  const heard = of(({ metrics }) => {
    const span = metrics.spans.find(({ name }) => name === "heard");
    return span && span.endMs - span.startMs;
  });
  const told = (name: string, values: readonly number[]): Figure =>
    figure(name, percentile(values, 0.5), null, spell(spread(values), "turns"), "ms");
  return [
    figure(
      "page's thread late in a reply, p99",
      drift.p99,
      Number(FRAME_MS.toFixed(1)),
      spell(drift, "timers"),
      "ms",
    ),
    figure(
      "page to listener, p99 ÷ three blocks",
      capture.p99 / CAPTURE_BUDGET_MS,
      0.5,
      spell(capture, "blocks"),
    ),
    told(
      "main to page, first chunk of a turn",
      of(({ transportMs }) => transportMs),
    ),
    told("received to heard", heard),
    told(
      "of that, the output device",
      of(({ outputLatencyMs }) => outputLatencyMs),
    ),
    told(
      "key to sound",
      of(({ keyToSoundMs }) => keyToSoundMs),
    ),
  ];
}

function weights({ memory, warmTurns }: AppMeasurement, name: string): string {
  const late = memory.filter(({ turn }) => turn > warmTurns);
  const mib = (sample: MemorySample | undefined): string =>
    `${((sample?.kb[name] ?? Number.NaN) / 1024).toFixed(1)} MiB after turn ${sample?.turn}`;
  return `${late.length} samples, ${mib(late[0])}, ${mib(late.at(-1))}`;
}

function spell({ count, p50, p99, max }: ReturnType<typeof spread>, of: string): string {
  return `${count} ${of}, p50 ${ms(p50)}, p99 ${ms(p99)}, max ${ms(max)}`;
}

function ms(value: number): string {
  return `${value.toFixed(value < 10 ? 2 : 0)} ms`;
}
