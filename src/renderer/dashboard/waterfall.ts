import type { LatencyRecord } from "../../shared/app-contract.ts";
import type { TurnMetrics } from "../../shared/contract.ts";
import { spanNames, type SpanName } from "../../shared/metrics.ts";

type TurnSpan = TurnMetrics["spans"][number];

/** One bar of the waterfall: a span, or several decoder steps that follow one another. */
export interface WaterfallBar {
  readonly key: string;
  readonly name: string;
  readonly startMs: number;
  readonly endMs: number;
  /** Index of the first and the last step, chunk or window in it. */
  readonly firstIndex: number | null;
  readonly lastIndex: number | null;
  readonly steps: number;
  /** Time inside the model sessions; null where the stage has none. */
  readonly sessionMs: number | null;
  /** Work done before the release, in a pause, and what became of it; null for the rest. */
  readonly ahead: "used" | "dropped" | null;
}

export interface WaterfallLane {
  readonly name: string;
  readonly title: string;
  readonly bars: readonly WaterfallBar[];
}

export interface Milestone {
  readonly title: string;
  readonly atMs: number;
}

export interface Waterfall {
  readonly lanes: readonly WaterfallLane[];
  readonly milestones: readonly Milestone[];
  /** Beginning of everything, and of what became the answer: what was tried and dropped may lie far back. */
  readonly startMs: number;
  readonly answerStartMs: number;
  /** End of everything, and of what matters to the first sound. */
  readonly endMs: number;
  readonly firstSoundMs: number;
}

const titles: Readonly<Record<SpanName, string>> = {
  capture: "Recording",
  mel: "Log-mel",
  encode: "Encoder",
  prefill: "Prefill",
  decode: "Decoder",
  segment: "Segment",
  phonemes: "Phonemes",
  synthesis: "Speech",
  queue: "Queue",
  transport: "Transport",
  heard: "Output",
};

/** Of the recording only its end is shown: it may be minutes long, and nothing of it is waiting time. */
const RECORDING_SHOWN_MS = 30;
/** Steps closer than this are one run of work; a longer pause means that the decoder waited. */
const SAME_RUN_MS = 5;
/** Stages of one attempt follow each other more closely than this; between two attempts somebody speaks. */
const SAME_ATTEMPT_MS = 100;
/** The name of the lane that joins the stages of each attempt. */
export const AHEAD_LANE = "ahead";

/** Stages of a turn in lanes, in the order a turn meets them; time 0 is the key's release. */
export function waterfallOf(record: LatencyRecord): Waterfall {
  const { spans, firstTokenMs, firstWordMs, firstAudioMs } = record.metrics;
  const names = [...spanNames, ...new Set(spans.map(({ name }) => name))].filter(
    (name, index, all) => all.indexOf(name) === index,
  );
  const stages = names.flatMap((name) => {
    const own = spans.filter((span) => span.name === name).sort((a, b) => a.startMs - b.startMs);
    return own.length === 0 ? [] : [{ name, title: titleOf(name), bars: barsOf(name, own) }];
  });
  const attempts = attemptsOf(spans);
  const lanes =
    attempts.length === 0 ? stages : [{ name: AHEAD_LANE, title: "Ahead", bars: attempts }, ...stages];
  const milestones = [
    { title: "First token", atMs: firstTokenMs },
    { title: "First word", atMs: firstWordMs },
    { title: "First audio", atMs: firstAudioMs },
    { title: "Heard", atMs: record.keyToSoundMs },
  ].flatMap(({ title, atMs }) => (atMs === null ? [] : [{ title, atMs }]));
  const bars = lanes.flatMap((lane) => lane.bars);
  const endMs = Math.max(1, ...bars.map((bar) => bar.endMs), ...milestones.map(({ atMs }) => atMs));
  return {
    lanes,
    milestones,
    startMs: firstStart(bars),
    answerStartMs: firstStart(bars.filter(({ ahead }) => ahead !== "dropped")),
    endMs,
    firstSoundMs: Math.min(endMs, Math.max(record.keyToSoundMs ?? 0, firstAudioMs ?? 0) || endMs),
  };
}

function firstStart(bars: readonly WaterfallBar[]): number {
  const starts = bars.map(({ name, startMs }) =>
    name === "capture" ? Math.max(startMs, -RECORDING_SHOWN_MS) : startMs,
  );
  return Math.min(0, ...starts);
}

/** What was done ahead, one bar for each pause that was used. */
function attemptsOf(spans: readonly TurnSpan[]): WaterfallBar[] {
  const bars: WaterfallBar[] = [];
  const ahead = spans.filter(({ speculative }) => speculative !== undefined);
  for (const { index: _index, ...span } of ahead.sort((a, b) => a.startMs - b.startMs)) {
    const last = bars.at(-1);
    const isSame =
      last !== undefined && last.ahead === span.speculative && span.startMs - last.endMs <= SAME_ATTEMPT_MS;
    if (isSame) bars[bars.length - 1] = merge(last, span);
    else bars.push(barOf({ ...span, name: AHEAD_LANE, index: bars.length }, bars.length));
  }
  return bars;
}

function titleOf(name: string): string {
  return Object.entries(titles).find(([known]) => known === name)?.[1] ?? name;
}

/** Decoder steps are merged into runs, but the first stays alone: it makes the first token. */
function barsOf(name: string, spans: readonly TurnSpan[]): WaterfallBar[] {
  const bars: WaterfallBar[] = [];
  for (const span of spans) {
    const last = bars.at(-1);
    const isSameRun =
      last !== undefined &&
      span.startMs - last.endMs <= SAME_RUN_MS &&
      last.ahead === (span.speculative ?? null);
    if (name === "decode" && isSameRun && bars.length > 1) bars[bars.length - 1] = merge(last, span);
    else bars.push(barOf(span, bars.length));
  }
  return bars;
}

function barOf(span: TurnSpan, position: number): WaterfallBar {
  return {
    key: `${span.name}-${position}`,
    name: span.name,
    startMs: span.startMs,
    endMs: span.endMs,
    firstIndex: span.index ?? null,
    lastIndex: span.index ?? null,
    steps: 1,
    sessionMs: span.sessionMs ?? null,
    ahead: span.speculative ?? null,
  };
}

function merge(bar: WaterfallBar, span: TurnSpan): WaterfallBar {
  return {
    ...bar,
    endMs: Math.max(bar.endMs, span.endMs),
    lastIndex: span.index ?? bar.lastIndex,
    steps: bar.steps + 1,
    sessionMs: span.sessionMs === undefined ? bar.sessionMs : (bar.sessionMs ?? 0) + span.sessionMs,
  };
}
