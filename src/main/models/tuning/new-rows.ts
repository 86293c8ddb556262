import { valueInfo, withOutputs, type OnnxModel } from "../onnx-model.ts";
import { integers } from "./constants.ts";
import { plainNode } from "./nodes.ts";

/** What `withNewRows` adds to the names of a cache's outputs while they are whole. */
const WHOLE = "parley.whole.";

/** Names of what `withNewRows` computes of a run, lists of one: positions in the mask, in the run, and cached before it. */
export const lengths = { total: "parley.total", added: "parley.added", before: "parley.before" } as const;

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
  const counted = [
    plainNode("Shape", ["attention_mask"], "parley.mask_shape"),
    plainNode("Gather", ["parley.mask_shape", one], lengths.total),
    plainNode("Shape", ["inputs_embeds"], "parley.embeds_shape"),
    plainNode("Gather", ["parley.embeds_shape", one], lengths.added),
    plainNode("Sub", [lengths.total, lengths.added], lengths.before),
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
      ...kept.map((name) => plainNode("Slice", [WHOLE + name, lengths.before, lengths.total, two], name)),
    ];
  });
  const initializers = new Map(model.initializers).set(one, integers(one, [1])).set(two, integers(two, [2]));
  // Types are inferred: the caches' own say that their third dimension is that of the mask.
  const outputs = new Map(
    [...model.outputs].map(([name, info]) => [name, presents.has(name) ? valueInfo(name) : info]),
  );
  return { ...model, nodes: [...counted, ...nodes], initializers, outputs };
}
