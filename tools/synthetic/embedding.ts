import { GraphWriter } from "./graph-writer.ts";
import { BLOCK } from "./quantized.ts";
import type { VoxtralScale } from "./scales.ts";

/** A table of 4-bit rows with a float32 scale for each 32: `embed_tokens_q4.onnx`. */
export function writeEmbedding(path: string, { vocabulary, hiddenSize }: VoxtralScale, seed: string): number {
  const graph = new GraphWriter(path, seed);
  const ids = graph.input("input_ids", "int64", ["batch_size", "sequence_length"]);
  const rows = graph.randomBits("embed_tokens.weight_Q4", "int4", [vocabulary, hiddenSize]);
  const blocks = hiddenSize / BLOCK;
  const scales = graph.filled("embed_tokens.weight_scales", [vocabulary, blocks], () => 0.2);
  graph.node(
    "com.microsoft:GatherBlockQuantized",
    [rows, ids, scales],
    { block_size: BLOCK, gather_axis: 0, quantize_axis: 1 },
    ["inputs_embeds"],
  );
  graph.output("inputs_embeds", "float32", ["batch_size", "sequence_length", hiddenSize]);
  return graph.finish();
}
