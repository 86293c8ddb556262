import { InferenceSession, Tensor } from "onnxruntime-node";
import { systemClock } from "../../../shared/clock.ts";
import { AppError } from "../../../shared/errors.ts";
import { kokoroFile } from "../kokoro/graph-files.ts";
import { Synthesizer } from "../kokoro/synthesizer.ts";
import { Vocabulary } from "../kokoro/vocabulary.ts";
import { knownVoice, VoiceStyles } from "../kokoro/voice-styles.ts";
import { failureReason } from "../onnx-failures.ts";
import { openGraph } from "../onnx-session.ts";
import type { KokoroService, LoadParams, RealProvider } from "../services.ts";
import { AudioMemory } from "../voxtral/audio-memory.ts";
import { Context } from "../voxtral/context.ts";
import { loadModel } from "../voxtral/load.ts";
import type { LoadedModel } from "../voxtral/load.ts";
import { onnxModel } from "../voxtral/onnx-bytes.ts";
import type { Samples } from "./agreement.ts";
import { thinned } from "./agreement.ts";
import { PROBE_PROMPT } from "./outcome.ts";
import type { GraphCost } from "./outcome.ts";

/** What a provider made of a model. */
export interface Measurement {
  readonly loadMs: number;
  readonly costs: Readonly<Record<string, GraphCost>>;
  /** By graph: numbers that every provider should compute alike. */
  readonly samples: Samples;
}

type KokoroParams = KokoroService["calls"]["load"]["params"];

/** Steps are few: the slowest machine takes a second each. Their median is the cost. */
const STEPS = 6;
/** Numbers of a graph's output that are compared. */
const COMPARED = 4096;
/** A first run that took longer than this stands for all: it says enough, and nobody waits for another. */
const PATIENCE_MS = 10_000;
/** Frames of the speech whose loudness is compared: 10 ms at 24 kHz. */
const LOUDNESS_SAMPLES = 240;
/** "Hello there." Short, since the slowest devices take longer than they speak. */
const PHONEMES = "həlˈO ðˈɛɹ.";

/**
 * Fails at once where the provider has no device or library, before gigabytes of weights are read for it. Throws AppError
 * provider-unavailable with onnxruntime's reason.
 */
export async function tryTrivialGraph(provider: RealProvider): Promise<void> {
  const model = onnxModel({
    inputs: [{ name: "x", type: "float32", dims: [2] }],
    outputs: [{ name: "y", type: "float32", dims: [2] }],
    nodes: [{ op: "Add", inputs: ["x", "x"], outputs: ["y"] }],
  });
  let sums: Tensor | undefined;
  try {
    const session = await InferenceSession.create(model, {
      executionProviders: [provider],
      logSeverityLevel: 4,
    });
    sums = (await session.run({ x: new Tensor("float32", Float32Array.of(1, 2), [2]) }))["y"];
    await session.release();
  } catch (cause) {
    throw new AppError("provider-unavailable", failureReason(cause), { cause });
  }
  if (sums?.data[0] !== 2 || sums.data[1] !== 4) {
    throw new AppError("provider-unavailable", "It cannot even add two numbers.");
  }
}

/** Loads Voxtral with all but its embedding table on `provider`, and runs each graph. Errors as `loadModel`. */
export async function measureVoxtral(load: LoadParams, provider: RealProvider): Promise<Measurement> {
  // `load.provider` stays: it decides which precision is loaded, which has to be the same in every trial.
  const graphProviders = { audio_encoder: provider, decoder_model_merged: provider };
  const model = await loadModel({ ...load, graphProviders });
  try {
    const encoder = await measuredEncoder(model);
    const decoder = await measuredDecoder(model, encoder.windowPositions);
    return {
      loadMs: model.loadMs,
      costs: { audio_encoder: encoder.cost, decoder_model_merged: decoder.cost },
      samples: { audio_encoder: encoder.samples, decoder_model_merged: decoder.samples },
    };
  } finally {
    await model.release();
  }
}

/** Loads Kokoro on `provider` and says a sentence. Errors as `openGraph`, and model-*. */
export async function measureKokoro(load: KokoroParams, provider: RealProvider): Promise<Measurement> {
  const { path } = kokoroFile(load);
  const graph = await openGraph(path, { provider, threads: load.threads });
  try {
    // Exact lengths: the first run pays for this one's kernels, the second tells what it costs.
    const synthesizer = new Synthesizer(graph, []);
    const styles = VoiceStyles.besides(load.modelDir, load.voicesDir);
    const vocabulary = Vocabulary.read(load.modelDir);
    const ids = vocabulary.encode(vocabulary.filter(PHONEMES));
    const style = styles.row(knownVoice(styles.available()[0] ?? "af_heart"), PHONEMES.length);
    const { result, ms } = await warm(async () => {
      const { pcm, sessionMs } = await synthesizer.run(ids, style, 1);
      return { result: pcm, ms: sessionMs };
    });
    const cost = { prefillMs: null, stepMs: ms };
    return { loadMs: graph.loadMs, costs: { model: cost }, samples: { model: loudness(result) } };
  } finally {
    await graph.release();
  }
}

interface Timed<T> {
  readonly result: T;
  readonly ms: number;
}

/** Runs twice and keeps the second, unless the first took too long. */
async function warm<T>(run: () => Promise<Timed<T>>): Promise<Timed<T>> {
  const first = await run();
  return first.ms > PATIENCE_MS ? first : await run();
}

async function measuredEncoder({ encoder }: LoadedModel) {
  // Any sound: a slow ripple over time and frequency in the range of normalised log-mel.
  const mel = Float32Array.from({ length: 128 * 3000 }, (_, i) => 0.4 * Math.sin(i / 37) - 0.6);
  const { result, ms } = await warm(async () => {
    const { features, run } = await encoder.encode(mel);
    return { result: features, ms: run.sessionMs };
  });
  const windowPositions = result.length / encoder.hiddenSize;
  return { cost: { prefillMs: null, stepMs: ms }, samples: thinned(result, COMPARED), windowPositions };
}

async function measuredDecoder(model: LoadedModel, windowPositions: number) {
  const { encoder, embeddings, decoder } = model;
  const context = new Context(model, { windowPositions, audio: new AudioMemory(), encoder, embeddings });
  decoder.stepMs = (await context.warmUp()).stepMs;
  // The upper half of the vocabulary is plain text in every Tekken file; which words is of no interest.
  const ids = Array.from({ length: PROBE_PROMPT + STEPS }, (_, i) => (decoder.vocabSize >> 1) + 7 * i);
  const prompt = { positions: ids.slice(0, PROBE_PROMPT), windows: new Map() };
  const options = { wantLogits: true, inPieces: false, signal: new AbortController().signal };
  const cache = context.newCache();
  const { result: prefilled, ms: prefillMs } = await warm(async () => {
    cache.clear();
    const startMs = systemClock.nowMs();
    const { logits } = await context.prefill(cache, prompt, options);
    return { result: logits, ms: systemClock.nowMs() - startMs };
  });
  // Scores are valid until the next run only: each is thinned before it.
  const scores = [thinned(prefilled, COMPARED)];
  const stepsMs: number[] = [];
  for (const id of ids.slice(PROBE_PROMPT)) {
    const startMs = systemClock.nowMs();
    const { logits } = await context.step(cache, id);
    stepsMs.push(systemClock.nowMs() - startMs);
    scores.push(thinned(logits, COMPARED));
  }
  cache.clear();
  const stepMs = stepsMs.toSorted((a, b) => a - b)[STEPS >> 1]!;
  return {
    cost: { prefillMs, stepMs },
    samples: Float32Array.from(scores.flatMap((row) => Array.from(row))),
  };
}

/** Root mean square of each 10 ms. */
function loudness(pcm: Float32Array): Float32Array {
  return Float32Array.from({ length: Math.floor(pcm.length / LOUDNESS_SAMPLES) }, (_, frame) => {
    const part = pcm.subarray(frame * LOUDNESS_SAMPLES, (frame + 1) * LOUDNESS_SAMPLES);
    return Math.sqrt(part.reduce((sum, sample) => sum + sample * sample, 0) / LOUDNESS_SAMPLES);
  });
}
