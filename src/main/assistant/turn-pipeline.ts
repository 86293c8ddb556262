import { randomUUID } from "node:crypto";
import type { AudioChunk } from "../../shared/audio.ts";
import type { Clock } from "../../shared/clock.ts";
import { AppError } from "../../shared/errors.ts";
import type { Engine } from "../models/engine.ts";
import type { GenerationPart, Prompt, Sampling, SpeechPart } from "../models/services.ts";
import type { AudioQueue } from "./audio-queue.ts";
import { Channel } from "./channel.ts";
import { DeadlinePlanner } from "./deadline-planner.ts";
import { replyVoice, type ReplyVoice } from "./reply-voice.ts";
import type { Ahead } from "./speculation.ts";
import type { SpeechCosts } from "./speech-costs.ts";
import { StartGate } from "./start-gate.ts";
import { SpeechPlanner, type Segment, type SegmentPolicy } from "./speech-planner.ts";
import type { Turn } from "./turn.ts";

export type AssistantEngine = Pick<Engine, "listener" | "voxtral" | "kokoro">;

export interface PipelineContext {
  readonly engine: AssistantEngine;
  readonly queue: AudioQueue;
  readonly clock: Clock;
  readonly voice: ReplyVoice;
  readonly speed: number;
  readonly sampling: Sampling;
  readonly maxNewTokens: number;
  readonly policy: SegmentPolicy;
  /** Learns what this turn's speech costs. Where given, deadlines take the place of `policy` (R43). */
  readonly costs?: SpeechCosts | undefined;
  /** The answer as far as it was prepared before the question's end. */
  readonly ahead?: Ahead | undefined;
  /** Makes the prompt; called again after `recover`. */
  readonly prompt: () => Prompt;
  /** Feeds the model what it lost (`audio-missing`); rejects when that cannot be done. */
  readonly recover: (utteranceIds: readonly string[]) => Promise<void>;
}

/**
 * Runs one turn: the model's tokens become segments, segments become speech, and each stage works on the next piece
 * while the one behind it is busy with the last. Resolves when everything was played; rejects with what broke, or with
 * `cancelled`.
 */
export async function runPipeline(turn: Turn, context: PipelineContext): Promise<void> {
  const segments = new Channel<Segment>();
  const { costs, clock } = context;
  const deadline =
    costs &&
    new DeadlinePlanner(
      () => costs.estimate,
      () => clock.nowMs(),
    );
  const gate = deadline && startGate(turn, context, deadline);
  const speaking = speak(turn, context, segments, { deadline, gate });
  try {
    await Promise.all([
      generate(turn, context, segments, { deadline, gate }).finally(() => segments.close()),
      speaking,
    ]);
  } catch (error) {
    // Neither half may outlive the other: the first failure ends both.
    segments.close();
    throw error;
  } finally {
    gate?.[Symbol.dispose]();
  }
  await withAbort(context.queue.finish(turn.id), turn.signal);
}

/** What keeps the sound from running dry; undefined where the rules for segments are given. */
interface Pacing {
  readonly deadline: DeadlinePlanner | undefined;
  readonly gate: StartGate | undefined;
}

function startGate(turn: Turn, { queue, clock }: PipelineContext, deadline: DeadlinePlanner): StartGate {
  queue.hold(turn.id);
  const open = (waitedMs: number): void => {
    turn.trace.gated(waitedMs);
    queue.open(turn.id);
  };
  return new StartGate({ deadline, clock, open });
}

async function generate(
  turn: Turn,
  context: PipelineContext,
  segments: Channel<Segment>,
  { deadline, gate }: Pacing,
): Promise<void> {
  const planner = new SpeechPlanner(deadline?.policy ?? context.policy);
  const deliver = (ready: readonly Segment[]): void => {
    for (const segment of ready) {
      turn.segment(segment.index, segment.text, context.clock.nowMs());
      deadline?.planned(segment.text.length);
      segments.push(segment);
    }
    gate?.check();
  };
  for await (const part of recovering(turn, context)) {
    switch (part.type) {
      case "prefilled":
        turn.trace.add(...part.spans);
        turn.trace.prefilled(part.prefillTokens, part.reusedTokens);
        break;
      case "token":
        turn.trace.add(part.span);
        turn.token(part.id, part.text, part.atMs);
        context.costs?.token(part.span.endMs - part.span.startMs, part.text.length);
        deliver(planner.push(part.text));
        break;
      case "finished":
        turn.rest(part.text, context.clock.nowMs());
        deliver([...planner.push(part.text), ...planner.finish()]);
        deadline?.complete();
        gate?.check();
        break;
    }
  }
}

/** A restarted model may miss what it heard in two steps: audio of the history, then of the question itself. */
const MAX_RECOVERIES = 6;
/** Processes that may end during one reply: a device is lost, and the provider after it does not last either. */
const MAX_DEATHS = 2;

/**
 * A generation that survives the end of its process, and the loss of audio by the next one: what was said is given to
 * the successor, which goes on right after it.
 */
async function* recovering(turn: Turn, context: PipelineContext): AsyncGenerator<GenerationPart> {
  const { engine, prompt, recover, sampling, maxNewTokens, ahead } = context;
  let deaths = 0;
  try {
    if (ahead) {
      yield* ahead.parts();
      return;
    }
  } catch (error) {
    if (turn.signal.aborted) throw error;
    // Whatever happened to the prepared answer: as long as nothing was said of it, another can be made.
    if (turn.tokenIds.length > 0 && !isDeath(error)) throw error;
    deaths++;
  }
  for (let recoveries = 0; ; recoveries++) {
    const said = [...turn.tokenIds];
    const params = { turnId: turn.id, prompt: prompt(), sampling, maxNewTokens, said };
    try {
      yield* engine.voxtral.stream("generate", params, { signal: turn.signal });
      return;
    } catch (error) {
      if (recoveries === MAX_RECOVERIES) throw error;
      const { code, details } = AppError.from(error);
      if (code === "audio-missing") await recover(missingUtterances(details));
      else if (!isDeath(error) || ++deaths > MAX_DEATHS) throw error;
    }
  }
}

/** Whether the model's process ended under a request: another one takes its place. */
function isDeath(error: unknown): boolean {
  const { code } = AppError.from(error);
  return code === "engine-gone" || code === "engine-hung";
}

function missingUtterances(details: unknown): string[] {
  if (typeof details !== "object" || details === null || !("utteranceIds" in details)) return [];
  const { utteranceIds } = details;
  return Array.isArray(utteranceIds) ? utteranceIds.filter((id) => typeof id === "string") : [];
}

async function speak(
  turn: Turn,
  context: PipelineContext,
  segments: Channel<Segment>,
  { deadline, gate }: Pacing,
): Promise<void> {
  let index = 0;
  let startSample = 0;
  let voice: string | undefined;
  for await (const segment of segments) {
    let wordsBefore = 0;
    voice ??= await voiceOf(context, segment);
    for await (const part of synthesis(turn, context, segment, voice)) {
      turn.trace.add(...part.spans.map((span) => ({ ...span, index })));
      const chunk: AudioChunk = {
        chunkId: randomUUID(),
        conversationId: turn.conversationId,
        turnId: turn.id,
        index,
        voice,
        textSource: part.text,
        sampleRateHz: part.sampleRateHz,
        pcm: part.pcm,
        startSample,
        words: part.words,
      };
      turn.spoken.push({ chunk, segment, wordsBefore });
      context.queue.enqueue(chunk);
      const audioMs = (part.pcm.length / part.sampleRateHz) * 1_000;
      const synthesisMs = part.spans.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0);
      context.costs?.spoken({ characters: part.text.length, synthesisMs, audioMs });
      deadline?.made(part.text.length, audioMs);
      gate?.check();
      index++;
      startSample += part.pcm.length;
      wordsBefore += part.words.length;
    }
  }
}

/** The voice of the whole reply. A speech process that dies just now must not cost it: then it is the chosen one. */
async function voiceOf({ engine, voice }: PipelineContext, first: Segment): Promise<string> {
  try {
    return await replyVoice(engine.kokoro, first.text, voice);
  } catch {
    return voice.chosen;
  }
}

/**
 * The segment's speech. When the speech process dies, its successor is asked for the same: what was already heard of
 * it is passed over, since the same text always makes the same parts.
 */
async function* synthesis(
  turn: Turn,
  context: PipelineContext,
  segment: Segment,
  voice: string,
): AsyncGenerator<SpeechPart> {
  const { engine, speed, ahead } = context;
  const params = { text: segment.text, voice, speed, isLast: segment.isLast };
  let delivered = 0;
  for (let attempt = 0; ; attempt++) {
    let parts = 0;
    try {
      const prepared = attempt === 0 ? ahead?.speech(params) : undefined;
      const source = prepared ?? engine.kokoro.stream("synthesize", params, { signal: turn.signal });
      for await (const part of source) {
        if (parts++ < delivered) continue;
        delivered++;
        yield part;
      }
      return;
    } catch (error) {
      if (attempt >= MAX_DEATHS || !isDeath(error)) throw error;
    }
  }
}

/** Waits for `promise`, but no longer than until `signal` aborts: then throws its reason. */
async function withAbort(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(AppError.from(signal.reason, "cancelled"));
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
