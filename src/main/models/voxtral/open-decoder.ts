import { AppError } from "../../../shared/errors.ts";
import { openGraph, type Graph, type OpenOptions } from "../onnx-session.ts";
import type { VoxtralInfo } from "../services.ts";
import { tunedDecoder, type Tuning } from "../tuning/tuned-decoder.ts";
import { Decoder } from "./decoder.ts";
import { KvCache } from "./kv-cache.ts";

export type DecoderTuning = VoxtralInfo["decoderTuning"];

export interface OpenedDecoder {
  readonly graph: Graph;
  readonly tuned: Tuning | undefined;
  readonly tuning: DecoderTuning;
}

/**
 * Opens the decoder, tuned where that is known to help; as it is, with the reason, where the tuned one cannot be opened or does
 * not compute. Errors as `openGraph`, and `model-wrong` when it is no decoder.
 */
export async function openDecoder(path: string, options: OpenOptions): Promise<OpenedDecoder> {
  const asItIs = async (asItIsBecause: string): Promise<OpenedDecoder> => ({
    graph: await openGraph(path, options),
    tuned: undefined,
    tuning: { changes: [], asItIsBecause },
  });
  const tuned = tunedDecoder(path, options.provider);
  if ("asItIsBecause" in tuned) return asItIs(tuned.asItIsBecause);
  try {
    const graph = await openGraph(path, { ...options, modelFor: async () => tuned.bytes });
    try {
      await tryOut(graph, tuned);
    } catch (error) {
      await graph.release();
      throw error;
    }
    return { graph, tuned, tuning: { changes: tuned.changes } };
  } catch (error) {
    const { code, message } = AppError.from(error);
    if (code === "out-of-memory") throw error;
    // The file itself may be sound; if it is not, this says so.
    return asItIs(`The tuned graph does not run here: ${message}`);
  }
}

/** Of the scores' size: half precision and 8-bit activations differ by thousandths, a cache that is read wrongly by halves. */
const TOLERANCE = 0.1;

/**
 * Three positions at once, and as two and a step behind them, have to give the same scores: a changed graph shows only in
 * running whether its shapes hold, and whether this provider leaves the room behind a cache alone.
 */
async function tryOut(graph: Graph, tuned: Tuning): Promise<void> {
  const decoder = new Decoder(graph, 3, { tuned });
  const embeds = Float32Array.from({ length: 3 * decoder.hiddenSize }, (_, index) => Math.sin(index));
  const scoresIn = async (...parts: readonly (readonly number[])[]): Promise<Float32Array> => {
    const cache = new KvCache(decoder.layout);
    let scores = new Float32Array();
    try {
      for (const positions of parts) {
        const [from, to] = [positions[0]! * decoder.hiddenSize, (positions.at(-1)! + 1) * decoder.hiddenSize];
        const { logits } = await decoder.run(cache, positions, embeds.slice(from, to), true);
        scores = logits!.slice();
      }
    } finally {
      cache.clear();
    }
    return scores;
  };
  const whole = await scoresIn([0, 1, 2]);
  const stepped = await scoresIn([0, 1], [2]);
  const difference = norm(whole.map((score, id) => score - stepped[id]!));
  // Written so that no number at all is refused as well.
  if (!(difference <= TOLERANCE * norm(whole))) {
    throw new Error("a step does not give the scores of a prompt.");
  }
}

/** Not Math.hypot of all: so many arguments do not fit onto the stack. */
function norm(values: Float32Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
}
