import { fileURLToPath } from "node:url";
import { systemClock } from "../../shared/clock.ts";
import type { TurnEvent } from "../../shared/contract.ts";
import { AppError } from "../../shared/errors.ts";
import { sampleQuestions } from "../app/sample-questions.ts";
import { Conversation } from "../assistant/conversation.ts";
import { ScheduleSink } from "../assistant/wav-sink.ts";
import type { Engine } from "../models/engine.ts";
import type { Output } from "./ask.ts";
import { describe, figures, referenceTests, type LatencyRun } from "./latency-report.ts";
import type { LatencyOptions } from "./options.ts";
import { decodeFile, openEngine, say } from "./session.ts";

const samplesFolder = fileURLToPath(new URL("../../../samples/", import.meta.url));
/** Short, middle and long questions. */
const INPUTS = 3;

/** The reference latency test, warm. Exit code 0 when every target and test holds, 1 otherwise. */
export async function latency(
  { runs, model, isJson }: LatencyOptions,
  output: Output,
  signal: AbortSignal,
): Promise<number> {
  const engine = openEngine(model, signal);
  try {
    const inputs = await chooseInputs(engine);
    await engine.ready;
    for (const input of inputs) await measure(engine, input);
    const measured: LatencyRun[] = [];
    for (let run = 0; run < runs; run++) {
      for (const input of inputs) {
        signal.throwIfAborted();
        measured.push(await measure(engine, input));
      }
      output.progress(`run ${run + 1} of ${runs}`);
    }
    const found = figures(measured);
    const tests = referenceTests(measured);
    const isPassed = found.every((figure) => figure.isMet) && tests.every((test) => test.isPassed);
    const lengths = inputs.map(({ name, durationMs }) => ({ name, durationMs }));
    if (isJson) {
      output.reply(`${JSON.stringify({ model, runs, inputs: lengths, figures: found, tests, isPassed })}\n`);
    } else {
      const described = lengths.map(
        ({ name, durationMs }) => `${name} (${(durationMs / 1000).toFixed(1)} s)`,
      );
      output.reply(
        `${model}, warm, ${runs} runs each of ${described.join(", ")}\n\n${describe(found, tests)}\n`,
      );
    }
    return isPassed ? 0 : 1;
  } finally {
    await engine.dispose();
  }
}

interface Input {
  readonly name: string;
  readonly durationMs: number;
  readonly samples: Float32Array;
}

/** The shortest, the longest and one between of the sample questions. */
async function chooseInputs(engine: Engine): Promise<Input[]> {
  const all: Input[] = [];
  for (const { id, file } of sampleQuestions(samplesFolder)) {
    const { samples, durationMs } = await decodeFile(engine, file);
    all.push({ name: id, samples, durationMs });
  }
  if (all.length === 0) throw new AppError("bad-input", `There are no sample questions in ${samplesFolder}.`);
  all.sort((a, b) => a.durationMs - b.durationMs);
  const places = Array.from({ length: INPUTS }, (_, i) => Math.round((i * (all.length - 1)) / (INPUTS - 1)));
  return [...new Set(places)].map((place) => all[place]!);
}

async function measure(engine: Engine, { name, durationMs, samples }: Input): Promise<LatencyRun> {
  const sink = new ScheduleSink(systemClock);
  const conversation = new Conversation({ engine, sink });
  sink.onPlayed = (turnId, played, underruns) => conversation.acknowledge(turnId, played, underruns);
  try {
    const events: TurnEvent[] = [];
    const turn = await say(engine, conversation, samples);
    turn.onEvent((event) => events.push(event));
    const { outcome, error } = await turn.finished;
    if (outcome === "failed") throw error!;
    return { input: name, inputMs: durationMs, voice: conversation.settings.voice, events };
  } finally {
    await conversation.dispose();
  }
}
