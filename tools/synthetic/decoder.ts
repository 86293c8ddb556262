import type { FloatType } from "../../src/main/models/voxtral/floats.ts";
import { GraphWriter } from "./graph-writer.ts";
import { matMul } from "./quantized.ts";
import type { VoxtralScale } from "./scales.ts";

export interface SyntheticDecoder {
  readonly scale: VoxtralScale;
  readonly seed: string;
  /** float32 as in the repository's q4 file, float16 as in its q4f16: caches and everything between `inputs_embeds` and `logits`. */
  readonly floatType: FloatType;
  /** Ids that may be chosen; the scores of all others are 0, so that every reply can be written out and spoken. */
  readonly speakable: ReadonlySet<number>;
}

const EPSILON = { float: 1e-5 };
/** rope_theta of Voxtral-Mini-3B-2507 (config.json). */
const ROPE_BASE = 100_000_000;

/**
 * A Llama decoder as onnxruntime-genai's exporter writes it: `MatMulNBits`, `GroupQueryAttention`, `RotaryEmbedding`,
 * `SkipSimplifiedLayerNormalization`. Inputs and outputs are those of `decoder_model_merged_q4.onnx` and its q4f16 sister; logits of all positions.
 */
export function writeDecoder(path: string, { scale, seed, floatType, speakable }: SyntheticDecoder): number {
  const { layers, hiddenSize, heads, kvHeads, headSize, vocabulary } = scale;
  const graph = new GraphWriter(path, seed, floatType);
  const embeds = graph.input("inputs_embeds", "float32", ["batch_size", "sequence_length", hiddenSize]);
  const mask = graph.input("attention_mask", "int64", ["batch_size", "total_sequence_length"]);
  const positions = graph.input("position_ids", "int64", ["batch_size", "sequence_length"]);
  graph.output("logits", "float32", ["batch_size", "sequence_length", vocabulary]);
  const lengths = lengthsOf(graph, mask);
  const tables = rotaryTables(graph, scale);
  const norm = (name: string): string => graph.filled(`${name}.weight`, [hiddenSize], () => 1);

  let residual = graph.fromFloat32(embeds);
  let x = graph.node("SimplifiedLayerNormalization", [residual, norm("layers.0.input_layernorm")], {
    epsilon: EPSILON,
    axis: -1,
    stash_type: 1,
  });
  const addAndNorm = (added: string, name: string): void => {
    const outputs = [graph.name("norm"), "", "", graph.name("residual")];
    x = graph.node(
      "com.microsoft:SkipSimplifiedLayerNormalization",
      [added, residual, norm(name)],
      { epsilon: EPSILON },
      outputs,
    );
    residual = outputs[3]!;
  };
  const past = (layer: number, part: string): string =>
    graph.input(`past_key_values.${layer}.${part}`, floatType, [
      "batch_size",
      kvHeads,
      "past_sequence_length",
      headSize,
    ]);
  for (let layer = 0; layer < layers; layer++) {
    const name = `layers.${layer}`;
    const project = (part: string, from: string, k: number, n: number): string =>
      matMul(graph, from, { name: `${name}.${part}`, k, n });
    const rotated = (from: string, count: number): string =>
      graph.node("com.microsoft:RotaryEmbedding", [from, positions, ...tables], {
        interleaved: 0,
        num_heads: count,
        rotary_embedding_dim: 0,
      });
    const query = rotated(project("q_proj", x, hiddenSize, heads * headSize), heads);
    const key = rotated(project("k_proj", x, hiddenSize, kvHeads * headSize), kvHeads);
    const value = project("v_proj", x, hiddenSize, kvHeads * headSize);
    const presents = [`present.${layer}.key`, `present.${layer}.value`];
    const attended = graph.node(
      "com.microsoft:GroupQueryAttention",
      [query, key, value, past(layer, "key"), past(layer, "value"), ...lengths],
      { num_heads: heads, kv_num_heads: kvHeads, scale: { float: 1 / Math.sqrt(headSize) } },
      [graph.name("attention"), ...presents],
    );
    for (const present of presents) {
      graph.output(present, floatType, ["batch_size", kvHeads, "total_sequence_length", headSize]);
    }
    addAndNorm(project("o_proj", attended, heads * headSize, hiddenSize), `${name}.post_attention_layernorm`);
    const gate = project("gate_proj", x, hiddenSize, scale.intermediateSize);
    const silu = graph.node("Mul", [gate, graph.node("Sigmoid", [gate])]);
    const up = project("up_proj", x, hiddenSize, scale.intermediateSize);
    const down = project("down_proj", graph.node("Mul", [silu, up]), scale.intermediateSize, hiddenSize);
    addAndNorm(down, layer === layers - 1 ? "norm" : `layers.${layer + 1}.input_layernorm`);
  }
  const logits = matMul(graph, x, {
    name: "lm_head",
    k: hiddenSize,
    n: vocabulary,
    // The repository's q4f16 file has one file of weights, its q4 two.
    shard: floatType === "float32" ? 1 : 0,
    isSilent: (id) => !speakable.has(id),
  });
  graph.toFloat32(logits, "logits");
  return graph.finish();
}

/** What GroupQueryAttention wants to know of the mask: the last position of each row, and how many there are. */
function lengthsOf(graph: GraphWriter, mask: string): readonly [string, string] {
  const count = graph.node("ReduceSum", [mask, graph.integers([1])], { keepdims: 0 });
  const last = graph.node("Sub", [count, graph.integers([1])]);
  const total = graph.node("Gather", [graph.node("Shape", [mask]), graph.integers([1], [])], { axis: 0 });
  // onnx.TensorProto.DataType.INT32
  return [graph.node("Cast", [last], { to: 6 }), graph.node("Cast", [total], { to: 6 })];
}

/** Cosines and sines, [positions, headSize / 2] each (Su et al. 2021, RoFormer). */
function rotaryTables(graph: GraphWriter, { positions, headSize }: VoxtralScale): readonly [string, string] {
  const half = headSize / 2;
  const angle = (index: number): number => Math.floor(index / half) * ROPE_BASE ** (-(index % half) / half);
  return [
    graph.filled("cos_cache", [positions, half], (index) => Math.cos(angle(index))),
    graph.filled("sin_cache", [positions, half], (index) => Math.sin(angle(index))),
  ];
}
