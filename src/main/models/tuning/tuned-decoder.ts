import { readFileSync, statSync } from "node:fs";
import { isExternal, readModel, writeGraph, writeModel } from "../onnx-model.ts";
import type { Chunks, OnnxModel } from "../onnx-model.ts";
import { withLastLogits } from "./last-logits.ts";
import { withNewRows } from "./new-rows.ts";
import { hasAttribute, withAttribute } from "./nodes.ts";
import { withStepAttention } from "./step-attention.ts";

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
    return {
      bytes: modelBytes(withStepAttention(lean)),
      givesLastLogits: brief !== fast,
      givesNewRows: lean !== brief,
    };
  } catch {
    // Silence is right, as said above.
    return undefined;
  }
}

/** The model with `accuracy_level` 4 on every 4-bit product that says nothing of its own. */
export function withIntegerActivations(model: OnnxModel): OnnxModel {
  const nodes = model.nodes.map((node) =>
    node.op === "MatMulNBits" && !hasAttribute(node, "accuracy_level")
      ? { ...node, bytes: withAttribute(node.bytes, "accuracy_level", INTEGER_ACTIVATIONS) }
      : node,
  );
  return { ...model, nodes };
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
