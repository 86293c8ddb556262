import { readFileSync, statSync } from "node:fs";
import { isExternal, readModel, valueInfo, withOutputs, writeGraph, writeModel } from "../onnx-model.ts";
import type { Chunks, OnnxModel } from "../onnx-model.ts";
import { withLastLogits } from "./last-logits.ts";
import { hasAttribute, listOf, plainNode, withInteger } from "./nodes.ts";

/** Larger graph files hold weights themselves, and writing them again would cost more than it gains. */
const LARGEST_FILE_BYTES = 32 * 1024 * 1024;

/**
 * `accuracy_level` of MatMulNBits: activations as 8-bit integers, in blocks as their weights. Two to four times as fast a step
 * on the CPU, and as fast a prompt (docs/decisions/0013); the level onnxruntime's own model builder writes for CPUs.
 */
const INTEGER_ACTIVATIONS = 4;

/** What a tuned decoder does otherwise than its file. */
export interface Tuning {
  /** `logits` are those of the last position alone, [1, 1, vocabulary]. */
  readonly givesLastLogits: boolean;
  /** `present.*` hold only the positions of the run, and `past_key_values.*` may have room behind theirs. */
  readonly givesNewRows: boolean;
}

export interface TunedDecoder extends Tuning {
  /** The model file; its weights lie beside the original. */
  readonly bytes: Uint8Array;
}

/**
 * The decoder at `path` as it runs best on the CPU: integer activations for its 4-bit products, logits of the last
 * position, caches that hand back only what is new. Undefined where there is nothing to gain, or the graph is not
 * understood: then the file runs as it is, and if it is damaged, opening it says so.
 */
export function tunedDecoder(path: string): TunedDecoder | undefined {
  try {
    if (statSync(path).size > LARGEST_FILE_BYTES) return undefined;
    const model = readModel(readFileSync(path));
    // Weights in the graph's own file: a small model, whose products have nothing to gain.
    if (![...model.initializers.values()].some(isExternal)) return undefined;
    const fast = withIntegerActivations(model);
    const brief = withLastLogits(fast);
    const lean = withNewRows(brief);
    return { bytes: modelBytes(lean), givesLastLogits: brief !== fast, givesNewRows: lean !== brief };
  } catch {
    // Silence is right, as said above.
    return undefined;
  }
}

/** The model with `accuracy_level` 4 on every 4-bit product that says nothing of its own. */
export function withIntegerActivations(model: OnnxModel): OnnxModel {
  const nodes = model.nodes.map((node) =>
    node.op === "MatMulNBits" && !hasAttribute(node, "accuracy_level")
      ? { ...node, bytes: withInteger(node.bytes, "accuracy_level", INTEGER_ACTIVATIONS) }
      : node,
  );
  return { ...model, nodes };
}

/** What `withNewRows` adds to the names of a cache's outputs while they are whole. */
const WHOLE = "parley.whole.";

/**
 * The model with caches that hand back only the rows it has computed, [batch, heads, new positions, headSize]: without, the
 * runtime copies each cache out whole at every step. The inputs may then be longer than what is cached in them
 * (`attention_mask` says how much that is), so that rows can be added in place. For graphs whose caches
 * GroupQueryAttention keeps; the model itself for others.
 */
export function withNewRows(model: OnnxModel): OnnxModel {
  const presents = new Set([...model.outputs.keys()].filter((name) => name.startsWith("present.")));
  const makers = model.nodes.filter(({ outputs }) => outputs.some((name) => presents.has(name)));
  const hasLengths = model.inputs.has("attention_mask") && model.inputs.has("inputs_embeds");
  if (!hasLengths || makers.length === 0 || makers.some(({ op }) => op !== "GroupQueryAttention"))
    return model;
  const [one, two] = ["parley.one", "parley.two"];
  const lengths = [
    plainNode("Shape", ["attention_mask"], "parley.mask_shape"),
    plainNode("Gather", ["parley.mask_shape", one], "parley.total"),
    plainNode("Shape", ["inputs_embeds"], "parley.embeds_shape"),
    plainNode("Gather", ["parley.embeds_shape", one], "parley.added"),
    plainNode("Sub", ["parley.total", "parley.added"], "parley.before"),
  ];
  const nodes = model.nodes.flatMap((node) => {
    const kept = node.outputs.filter((name) => presents.has(name));
    if (kept.length === 0) return [node];
    const renamed = new Map(kept.map((name) => [name, WHOLE + name]));
    const whole = {
      ...node,
      outputs: node.outputs.map((name) => renamed.get(name) ?? name),
      bytes: withOutputs(node, renamed),
    };
    return [
      whole,
      ...kept.map((name) => plainNode("Slice", [WHOLE + name, "parley.before", "parley.total", two], name)),
    ];
  });
  const initializers = new Map(model.initializers).set(one, listOf(one, 1n)).set(two, listOf(two, 2n));
  // Types are inferred: the caches' own say that their third dimension is that of the mask.
  const outputs = new Map(
    [...model.outputs].map(([name, info]) => [name, presents.has(name) ? valueInfo(name) : info]),
  );
  return { ...model, nodes: [...lengths, ...nodes], initializers, outputs };
}

/** The model as a file, with weights where they were. */
export function modelBytes(model: OnnxModel): Uint8Array {
  const nodes: Chunks[] = model.nodes.map(({ bytes }) => [bytes]);
  return writeModel(
    model.header,
    writeGraph({
      nodes,
      initializers: model.initializers.values(),
      inputs: model.inputs.values(),
      outputs: model.outputs.values(),
    }),
  );
}
