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
  const { provider } = options;
  const asItIs = async (asItIsBecause: string): Promise<OpenedDecoder> => ({
    graph: await openGraph(path, options),
    tuned: undefined,
    tuning: { changes: [], asItIsBecause },
  });
  if (provider !== "cpu") return asItIs(`Only the CPU's graphs are tuned, and this one runs on ${provider}.`);
  const tuned = tunedDecoder(path);
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

/** A prompt of two positions and a step behind it: a changed graph shows only in running whether its shapes hold. */
async function tryOut(graph: Graph, tuned: Tuning): Promise<void> {
  const decoder = new Decoder(graph, 3, { tuned });
  const cache = new KvCache(decoder.layout);
  const embeds = Float32Array.from({ length: 2 * decoder.hiddenSize }, (_, index) => Math.sin(index));
  await decoder.run(cache, [0, 1], embeds, true);
  const { logits } = await decoder.run(cache, [2], embeds.subarray(decoder.hiddenSize), true);
  if (!logits?.every(Number.isFinite)) throw new Error("its scores are no numbers");
}
