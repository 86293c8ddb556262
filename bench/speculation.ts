import { readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Conversation } from "../src/main/assistant/conversation.ts";
import { ScheduleSink } from "../src/main/assistant/wav-sink.ts";
import { openEngine } from "../src/main/cli/session.ts";
import { defaultListening } from "../src/main/models/services.ts";
import { systemClock } from "../src/shared/clock.ts";
import type { TurnMetrics } from "../src/shared/contract.ts";
import { percentile } from "../src/shared/metrics.ts";
import { commit, describeMachine, versions } from "./machine.ts";
import { joined, loudest, silence, speak, trimmed } from "./speculation/live-microphone.ts";

/**
 * What answering ahead of the release brings (R42), on the demo pack, its three processes and a microphone in real time:
 * `npm run bench:speculation -- [--rounds 3] [--questions 4] [--json FILE]`. Each case is asked with and without, in turn, in one run.
 */
const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "3" },
    questions: { type: "string", default: "4" },
    json: { type: "string" },
  },
});
const rounds = Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 1) throw new Error("--rounds takes a whole number.");

const TRAILING_MS = [0, 150, 300, 600];
/** Voice that comes back just before the release, after a pause long enough to have begun an answer. */
const ADVERSARIAL_PAUSES_MS = [140, 180, 220, 260, 320, 400];
const BLIP_MS = 80;
const LEAD_MS = 350;

const root = fileURLToPath(new URL("../", import.meta.url));
const samplesFolder = path.join(root, "samples");
const machine = describeMachine();
const engine = openEngine("nano");
await engine.ready;
await engine.listener.call("configure", defaultListening);

interface Case {
  readonly question: string;
  readonly name: string;
  readonly kind: string;
  readonly sound: Float32Array;
}

interface Measured {
  readonly case: string;
  readonly kind: string;
  readonly question: string;
  readonly speculate: boolean;
  readonly firstAudioMs: number;
  readonly speculation: TurnMetrics["speculation"];
}

const recordings = new Map<string, Float32Array>();
const files = readdirSync(samplesFolder).filter((name) => name.endsWith(".wav"));
for (const file of files.slice(0, Number(values.questions))) {
  const source = { path: path.join(samplesFolder, file) };
  const { samples } = await engine.listener.call("decode", { source, maxDurationMs: 60_000 });
  recordings.set(file.replace(".wav", ""), trimmed(samples));
}

function casesOf(question: string, samples: Float32Array): Case[] {
  const said = joined(silence(LEAD_MS), samples);
  const blip = loudest(samples, BLIP_MS);
  return [
    ...TRAILING_MS.map((ms) => ({
      question,
      name: `${ms} ms`,
      kind: "trailing",
      sound: joined(said, silence(ms)),
    })),
    ...ADVERSARIAL_PAUSES_MS.map((ms) => ({
      question,
      name: `${ms} ms, then voice`,
      kind: "adversarial",
      sound: joined(said, silence(ms), blip),
    })),
  ];
}

async function ask(
  sound: Float32Array,
  speculate: boolean,
): Promise<Pick<Measured, "firstAudioMs" | "speculation">> {
  const sink = new ScheduleSink(systemClock);
  const conversation = new Conversation({ engine, sink, settings: { speculate } });
  sink.onPlayed = (turnId, played, underruns) => conversation.acknowledge(turnId, played, underruns);
  const listening = conversation.listen({ trimSilence: true });
  await listening.prepared;
  await speak(engine, sound);
  const turn = listening.release();
  // The first sound is all that is measured: the rest of the answer would only take its time.
  const leave = turn.onEvent((event) => void (event.type === "audio" && turn.interrupt("button")));
  const { outcome, error, metrics } = await turn.finished;
  leave();
  if (outcome === "failed" || metrics.firstAudioMs === null) throw error ?? new Error("A turn said nothing.");
  await conversation.dispose();
  return { firstAudioMs: metrics.firstAudioMs, speculation: metrics.speculation };
}

const measured: Measured[] = [];
let done = 0;
try {
  const all = [...recordings].flatMap(([question, samples]) => casesOf(question, samples));
  // Warm: the first turns meet cold caches.
  for (const speculate of [false, true]) await ask(all[2]!.sound, speculate);
  for (let round = 0; round < rounds; round++) {
    for (const { question, name, kind, sound } of all) {
      // Which one goes first changes, so that neither has the warmer machine.
      for (const speculate of (round + done++) % 2 === 0 ? [false, true] : [true, false]) {
        const { firstAudioMs, speculation } = await ask(sound, speculate);
        measured.push({ case: name, kind, question, speculate, firstAudioMs, speculation });
      }
    }
    process.stderr.write(`round ${round + 1} of ${rounds}\n`);
  }
} finally {
  await engine.dispose();
}

const keys = ["case", "kind", "speculate"] as const;
const median = (numbers: readonly number[]): number => percentile(numbers, 0.5);
const of = (match: Partial<Measured>): Measured[] =>
  measured.filter((one) => keys.every((key) => match[key] === undefined || one[key] === match[key]));

/** Ratio of medians, and how each pair compares: a pair is the same recording, with and without, right after each other. */
function line(match: Partial<Measured>): Record<string, number | string> {
  const on = of({ ...match, speculate: true });
  const off = of({ ...match, speculate: false });
  const own = median(on.map(({ firstAudioMs }) => firstAudioMs));
  const plain = median(off.map(({ firstAudioMs }) => firstAudioMs));
  return {
    case: match.case ?? match.kind ?? "all",
    onMs: round1(own),
    offMs: round1(plain),
    ratio: Number((own / plain).toFixed(3)),
    hits: `${on.filter(({ speculation }) => speculation.outcome === "hit").length}/${on.length}`,
    savedMs: round1(median(on.map(({ speculation }) => speculation.savedMs))),
    wastedMs: round1(median(on.map(({ speculation }) => speculation.wastedMs))),
  };
}

const trailing = TRAILING_MS.map((ms) => line({ case: `${ms} ms` }));
const adversarial = ADVERSARIAL_PAUSES_MS.map((ms) => line({ case: `${ms} ms, then voice` }));
const summary = [line({ kind: "adversarial" })];
const report = {
  date: new Date().toISOString(),
  command: `npm run bench:speculation -- --rounds ${rounds}`,
  commit: commit(root),
  machine,
  versions: versions(root, ["onnxruntime-node"]),
  models: "resources/models/nano, fp32, CPU",
  trailing,
  adversarial,
  adversarialAll: summary[0],
  measured,
};
console.log(
  `${machine.cpu}, ${machine.cores} cores, load ${machine.loadBefore?.toFixed(1)} before; Node ${process.version}\n`,
);
console.log("Key release to first audio, by the silence before the release (aim: ≤ 0.25 from 300 ms on)");
console.table(trailing);
console.log("Voice comes back just before the release (aim: ≤ 1.05)");
console.table([...adversarial, ...summary]);
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);

function round1(value: number): number {
  return Number(value.toFixed(1));
}
