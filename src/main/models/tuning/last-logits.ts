import { withInputs, type ModelNode, type OnnxModel } from "../onnx-model.ts";
import { integers } from "./constants.ts";
import { plainNode } from "./nodes.ts";

const LOGITS = "logits";
const LAST = "parley.last_position";

/** Operators that make each position of [batch, positions, width] from the same position of what they read. */
const perPosition: ReadonlySet<string> = new Set(
  [
    "MatMulNBits MatMul Add Mul Cast Identity",
    "Sigmoid QuickGelu Gelu FastGelu Silu Swish",
    "SkipSimplifiedLayerNormalization SimplifiedLayerNormalization RMSNormalization",
    "SkipLayerNormalization LayerNormalization",
  ].flatMap((ops) => ops.split(" ")),
);
/** Those of them whose results are hidden states for sure, and no constants. */
const residuals = /^(Add|(Skip)?(Simplified)?LayerNormalization)$/;

/**
 * The model with `logits` of the last position only, [batch, 1, vocabulary], and nothing behind the last attention computed for
 * another: a prompt's other positions have no use for it. Where the way from there is not understood, all positions go as
 * far as the product that makes the scores; the model itself where that is not found.
 */
export function withLastLogits(model: OnnxModel): OnnxModel {
  if (model.inputs.has("num_logits_to_keep")) return model;
  const head = headOf(model);
  const [hidden] = head?.inputs ?? [];
  if (!head || hidden === undefined) return model;
  const { nodes: brief, reads } = tailOf(model) ?? { nodes: new Set([head]), reads: [hidden] };
  const chosen = new Map(reads.map((name) => [name, `${LAST}.${name}`]));
  let isBrief = false;
  const nodes = model.nodes.flatMap((node) => {
    if (!brief.has(node)) return [node];
    const inputs = node.inputs.map((name) => chosen.get(name) ?? name);
    const shortened = { ...node, inputs, bytes: withInputs(node, chosen) };
    if (isBrief) return [shortened];
    isBrief = true;
    return [...[...chosen].map(([from, to]) => lastPosition(from, to)), shortened];
  });
  const initializers = new Map(model.initializers).set(LAST, integers(LAST, [-1]));
  return { ...model, nodes, initializers };
}

/** An index counts from the end when it is negative. Gather with a list of one keeps the axis: [batch, positions, width] → [batch, 1, width]. */
function lastPosition(from: string, to: string): ModelNode {
  return plainNode("Gather", [from, LAST], to, { attributes: { axis: 1 } });
}

/** The product that makes the logits: its result is them, or becomes them one position at a time. */
function headOf(model: OnnxModel): ModelNode | undefined {
  let name = LOGITS;
  for (let steps = 0; steps < 4; steps++) {
    const maker = model.nodes.find((node) => node.outputs.includes(name));
    if (!maker) return undefined;
    if (maker.op === "MatMulNBits" || maker.op === "MatMul") return maker;
    if (!["Identity", "Cast"].includes(maker.op)) return undefined;
    name = maker.inputs[0]!;
  }
  return undefined;
}

interface Tail {
  readonly nodes: ReadonlySet<ModelNode>;
  /** Hidden states that they read and do not make. */
  readonly reads: readonly string[];
}

/** All that is computed from what the last attention gives; undefined when that is more than the logits, or could mix positions. */
function tailOf({ nodes, initializers, inputs, outputs }: OnnxModel): Tail | undefined {
  const at = nodes.findLastIndex(({ op }) => op.endsWith("Attention"));
  const [attended] = nodes[at]?.outputs ?? [];
  if (attended === undefined || outputs.has(attended)) return undefined;
  const tail = new Set<ModelNode>();
  const made = new Set<string>();
  const reads = new Set<string>();
  for (const node of nodes.slice(at + 1)) {
    if (!node.inputs.some((name) => name === attended || made.has(name))) continue;
    if (!perPosition.has(node.op)) return undefined;
    tail.add(node);
    for (const name of node.outputs) made.add(name);
    for (const name of node.inputs) if (!made.has(name) && !initializers.has(name)) reads.add(name);
  }
  const isHidden = (name: string): boolean =>
    name === attended ||
    inputs.has(name) ||
    residuals.test(nodes.slice(0, at).find((node) => node.outputs.includes(name))?.op ?? "");
  const isOnlyLogits = made.has(LOGITS) && [...made].filter((name) => outputs.has(name)).length === 1;
  return isOnlyLogits && [...reads].every(isHidden) ? { nodes: tail, reads: [...reads] } : undefined;
}
