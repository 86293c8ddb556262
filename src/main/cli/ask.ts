import { systemClock } from "../../shared/clock.ts";
import type { TurnEvent } from "../../shared/contract.ts";
import { Conversation } from "../assistant/conversation.ts";
import type { Turn, TurnOutcome } from "../assistant/turn.ts";
import { ScheduleSink, WavSink } from "../assistant/wav-sink.ts";
import type { Engine } from "../models/engine.ts";
import type { AskOptions, CliInput } from "./options.ts";
import { decodeFile, openEngine, say } from "./session.ts";

/** Where a command writes. `reply` is standard output, `progress` standard error. */
export interface Output {
  reply(text: string): void;
  progress(line: string): void;
}

/** Answers the inputs one after the other. Returns the exit code; throws what a person should read. */
export async function ask(options: AskOptions, output: Output, signal: AbortSignal): Promise<number> {
  // Opened first: a reply that cannot be saved should not be computed.
  using sink = options.out === null ? null : new WavSink(options.out, systemClock);
  const player = sink ?? new ScheduleSink(systemClock);
  const engine = openEngine(options.model, signal);
  try {
    // Before the models are there, which may take a minute: a file that cannot be read is better known at once.
    const questions: Question[] = [];
    for (const input of options.inputs) questions.push(await read(engine, input, output));
    await engine.ready;
    const conversation = new Conversation({
      engine,
      sink: player,
      settings: {
        voice: options.voice,
        speed: options.speed,
        instructions: options.system,
        sampling: options.sampling,
      },
    });
    player.onPlayed = (turnId, samples, underruns) => conversation.acknowledge(turnId, samples, underruns);
    const interrupt = (): void => conversation.interrupt("key");
    signal.addEventListener("abort", interrupt, { once: true });
    try {
      for (const question of questions) {
        if (signal.aborted) break;
        const turn =
          typeof question === "string"
            ? conversation.ask(question)
            : await say(engine, conversation, question);
        // Between two turns, there was nothing to interrupt.
        if (signal.aborted) interrupt();
        const { outcome, error } = await follow(turn, options, output);
        if (outcome === "failed") throw error!;
        if (sink?.failure) throw sink.failure;
      }
    } finally {
      signal.removeEventListener("abort", interrupt);
      await conversation.dispose();
    }
  } finally {
    await engine.dispose();
  }
  if (sink && sink.seconds > 0)
    output.progress(`Wrote ${sink.seconds.toFixed(1)} s of speech to ${options.out}.`);
  return signal.aborted ? 130 : 0;
}

/** Text, or 16 kHz samples. */
type Question = string | Float32Array;

async function read(engine: Engine, input: CliInput, output: Output): Promise<Question> {
  if (input.type === "text") return input.text;
  const audio = await decodeFile(engine, input.path);
  for (const warning of audio.warnings) output.progress(`${input.path}: ${warning}`);
  return audio.samples;
}

/** Prints what happens until the turn is over. */
async function follow(turn: Turn, { isJson }: AskOptions, output: Output): Promise<TurnOutcome> {
  turn.onEvent((event) => {
    if (isJson) output.reply(`${JSON.stringify(event)}\n`);
    else if (event.type === "token") output.reply(event.text);
  });
  const outcome = await turn.finished;
  if (!isJson) {
    output.reply("\n");
    output.progress(figures(outcome.metrics));
  }
  return outcome;
}

function figures(metrics: Extract<TurnEvent, { type: "turn-finished" }>["metrics"]): string {
  const ms = (value: number | null): string => (value === null ? "–" : `${value.toFixed(0)} ms`);
  const between = metrics.interTokenMs.p50;
  return [
    `first token ${ms(metrics.firstTokenMs)}`,
    `first word ${ms(metrics.firstWordMs)}`,
    `first audio ${ms(metrics.firstAudioMs)}`,
    `between tokens ${between === null ? "–" : `${between.toFixed(1)} ms`}`,
    `${metrics.tokens} tokens`,
    `${metrics.audioSeconds.toFixed(1)} s of speech`,
    `prefill ${metrics.prefillTokens} new + ${metrics.reusedTokens} reused`,
  ].join(" · ");
}
