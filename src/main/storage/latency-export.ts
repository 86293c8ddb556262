import type { LatencyRecord } from "../../shared/app-contract.ts";
import { spanNames } from "../../shared/metrics.ts";
import type { ExportedFile } from "./history-export.ts";

/** Latency records as a file: everything (JSON), a table (CSV, RFC 4180), or a trace that ui.perfetto.dev opens. */
export function exportLatency(
  records: readonly LatencyRecord[],
  format: "json" | "csv" | "chrome-trace",
): ExportedFile {
  if (format === "csv") {
    return { fileName: "parley-latency.csv", mimeType: "text/csv", content: toCsv(records) };
  }
  if (format === "chrome-trace") {
    const content = JSON.stringify(toChromeTrace(records));
    return { fileName: "parley-trace.json", mimeType: "application/json", content };
  }
  const content = `${JSON.stringify({ format: "parley-latency", version: 1, records }, null, 2)}\n`;
  return { fileName: "parley-latency.json", mimeType: "application/json", content };
}

type Cell = string | number | boolean | null;

const columns: Readonly<Record<string, (record: LatencyRecord) => Cell>> = {
  turnId: (r) => r.turnId,
  conversationId: (r) => r.conversationId,
  at: (r) => new Date(r.atMs).toISOString(),
  input: (r) => r.input,
  outcome: (r) => r.outcome,
  model: (r) => r.model,
  provider: (r) => r.provider,
  speechProvider: (r) => r.speechProvider,
  dtype: (r) => r.dtype,
  isCold: (r) => r.isCold,
  userAudioMs: (r) => r.userAudioMs,
  firstTokenMs: (r) => r.metrics.firstTokenMs,
  firstWordMs: (r) => r.metrics.firstWordMs,
  firstAudioMs: (r) => r.metrics.firstAudioMs,
  keyToSoundMs: (r) => r.keyToSoundMs,
  interTokenP50Ms: (r) => r.metrics.interTokenMs.p50,
  interTokenP95Ms: (r) => r.metrics.interTokenMs.p95,
  interTokenMaxMs: (r) => r.metrics.interTokenMs.max,
  tokens: (r) => r.metrics.tokens,
  words: (r) => r.metrics.words,
  audioSeconds: (r) => r.metrics.audioSeconds,
  realTimeFactor: (r) => r.metrics.realTimeFactor,
  prefillTokens: (r) => r.metrics.prefillTokens,
  reusedTokens: (r) => r.metrics.reusedTokens,
  underruns: (r) => r.queue.underruns,
  speculation: (r) => r.metrics.speculation.outcome,
  speculationAttempts: (r) => r.metrics.speculation.attempts,
  speculationSavedMs: (r) => r.metrics.speculation.savedMs,
  speculationWastedMs: (r) => r.metrics.speculation.wastedMs,
  queueLatencyP50Ms: (r) => r.queue.queueLatencyMs.p50,
  sendLatencyP50Ms: (r) => r.queue.sendLatencyMs.p50,
  transportMs: (r) => r.transportMs,
  outputLatencyMs: (r) => r.outputLatencyMs,
  endToSoundMs: (r) => r.endToSoundMs,
  interruptToSilenceMs: (r) => r.interruptToSilenceMs,
};

function toCsv(records: readonly LatencyRecord[]): string {
  const lines = [
    Object.keys(columns),
    ...records.map((r) => Object.values(columns).map((cell) => cell(r) ?? "")),
  ];
  return lines.map((cells) => `${cells.map((cell) => csvCell(String(cell))).join(",")}\r\n`).join("");
}

function csvCell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** One event of the Trace Event Format; `ts` and `dur` are microseconds. */
interface TraceEvent {
  readonly name: string;
  readonly ph: "X" | "M" | "i";
  readonly pid: number;
  readonly tid: number;
  readonly ts?: number;
  readonly dur?: number;
  readonly s?: "t";
  readonly args?: Readonly<Record<string, unknown>>;
}

const pid = 1;
/** Lane 0 holds the turns; each stage has its own lane, in the order a turn meets them. */
const lanes: readonly string[] = ["turn", ...spanNames];

/**
 * Trace Event Format, https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsNchNAySU. Times start at
 * the first record, since epoch microseconds exceed what a viewer's doubles can tell apart.
 */
export function toChromeTrace(records: readonly LatencyRecord[]): {
  traceEvents: TraceEvent[];
  displayTimeUnit: "ms";
} {
  const startsMs = records.map((r) => r.atMs + Math.min(0, ...r.metrics.spans.map((span) => span.startMs)));
  const originMs = startsMs.reduce((least, ms) => Math.min(least, ms), Infinity);
  const names: TraceEvent[] = [
    { name: "process_name", ph: "M", pid, tid: 0, args: { name: "Parley" } },
    ...lanes.flatMap((name, tid): TraceEvent[] => [
      { name: "thread_name", ph: "M", pid, tid, args: { name } },
      { name: "thread_sort_index", ph: "M", pid, tid, args: { sort_index: tid } },
    ]),
  ];
  return {
    traceEvents: [...names, ...records.flatMap((record) => turnEvents(record, record.atMs - originMs))],
    displayTimeUnit: "ms",
  };
}

function turnEvents(record: LatencyRecord, releaseMs: number): TraceEvent[] {
  const { metrics } = record;
  const us = (ms: number): number => Math.round((releaseMs + ms) * 1000);
  const lastMs = metrics.spans.reduce((latest, span) => Math.max(latest, span.endMs), 0);
  const instants = { "first token": metrics.firstTokenMs, "first word": metrics.firstWordMs } as const;
  return [
    {
      name: `turn ${record.turnId}`,
      ph: "X",
      pid,
      tid: 0,
      ts: us(0),
      dur: Math.round(lastMs * 1000),
      args: {
        model: record.model,
        provider: record.provider,
        outcome: record.outcome,
        isCold: record.isCold,
        speculation: metrics.speculation,
      },
    },
    ...Object.entries({
      ...instants,
      "first audio": metrics.firstAudioMs,
      heard: record.keyToSoundMs,
    }).flatMap(([name, ms]): TraceEvent[] =>
      ms === null ? [] : [{ name, ph: "i", pid, tid: 0, ts: us(ms), s: "t" }],
    ),
    ...metrics.spans.map(({ name, startMs, endMs, ...args }): TraceEvent => ({
      name: args.speculative === undefined ? name : `${name} (ahead, ${args.speculative})`,
      ph: "X",
      pid,
      tid: Math.max(0, lanes.indexOf(name)),
      ts: us(startMs),
      dur: Math.max(0, Math.round((endMs - startMs) * 1000)),
      args: { turnId: record.turnId, ...args },
    })),
  ];
}
