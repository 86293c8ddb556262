import { readFileSync, statSync } from "node:fs";
import { isExternal, readModel, writeGraph, writeModel } from "../onnx-model.ts";
import { AppError } from "../../../shared/errors.ts";
import type { Chunks, ModelNode, OnnxModel } from "../onnx-model.ts";
import type { RealProvider } from "../services.ts";
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

/** What can be changed about a decoder's graph. */
export type TuningChange = "integer activations" | "last logits" | "new rows" | "steps' attention";

/** What a tuned decoder does otherwise than its file. */
export interface Tuning {
  /** `logits` are those of the last position alone, [1, 1, vocabulary]. */
  readonly givesLastLogits: boolean;
  /** `present.*` hold only the positions of the run, and `past_key_values.*` may have room behind theirs. */
  readonly givesNewRows: boolean;
}

export interface TunedDecoder extends Tuning {
  readonly changes: readonly TuningChange[];
  /** The model file; its weights lie beside the original. */
  readonly bytes: Uint8Array;
}

/**
 * The decoder at `path` as it runs best on `provider`: logits of the last position; where the cache does not stay on the
 * device, one that hands back only what is new; and on the CPU integer activations for 4-bit products, and steps that attend
 * without copying the cache. Or why not: there is nothing to gain, or the graph is not understood; then the file runs as it
 * is, and if it is damaged, opening it says so.
 */
export function tunedDecoder(
  path: string,
  provider: RealProvider,
): TunedDecoder | { readonly asItIsBecause: string } {
  try {
    if (statSync(path).size > LARGEST_FILE_BYTES)
      return { asItIsBecause: "Its weights are in the graph's own file." };
    let model = readModel(readFileSync(path));
    if (![...model.initializers.values()].some(isExternal))
      return { asItIsBecause: "Its weights are in the graph's own file." };
    const changes: TuningChange[] = [];
    for (const [change, apply] of tuningsFor(provider)) {
      const changed = apply(model);
      if (changed !== model) changes.push(change);
      model = changed;
    }
    return {
      bytes: modelBytes(model),
      changes,
      givesLastLogits: changes.includes("last logits"),
      givesNewRows: changes.includes("new rows"),
    };
  } catch (error) {
    return { asItIsBecause: `Its graph could not be read: ${AppError.from(error).message}` };
  }
}

type ChangeOf = readonly [TuningChange, (model: OnnxModel) => OnnxModel];

/** In order: the last builds on the one before it. */
function tuningsFor(provider: RealProvider): readonly ChangeOf[] {
  const everywhere: ChangeOf = ["last logits", withLastLogits];
  const newRows: ChangeOf = ["new rows", withNewRows];
  if (provider === "webgpu") return [everywhere];
  if (provider !== "cpu") return [everywhere, newRows];
  const activations: ChangeOf = ["integer activations", withIntegerActivations];
  return [activations, everywhere, newRows, ["steps' attention", withStepAttention]];
}

/** The model with `accuracy_level` 4 on every 4-bit product that says nothing of its own. */
export function withIntegerActivations(model: OnnxModel): OnnxModel {
  const isSilent = (node: ModelNode): boolean =>
    node.op === "MatMulNBits" && !hasAttribute(node, "accuracy_level");
  if (!model.nodes.some(isSilent)) return model;
  const nodes = model.nodes.map((node) =>
    isSilent(node)
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
