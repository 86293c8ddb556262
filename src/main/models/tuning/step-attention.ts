import { valueInfo, withOutputs, writeGraph } from "../onnx-model.ts";
import type { Chunks, ModelNode, OnnxModel } from "../onnx-model.ts";
import { float, integers } from "./constants.ts";
import { lengths } from "./new-rows.ts";
import { elementTypeOf, numbersOf, plainNode, type OperatorOptions } from "./nodes.ts";

/** onnx.TensorProto.DataType.FLOAT */
const FLOAT = 1;
/** Added to scores of rows that hold nothing: nothing is left of them behind the softmax. */
const NOTHING = -1e30;

const IS_STEP = "parley.is_step";
const ROOM = "parley.room";

const rowsShape = (kvHeads: number): string => `parley.rows.${kvHeads}`;
const SPLIT = "parley.split";
const FLAT = "parley.flat";
/** Names of numbers, lists and what is added to scores. */
const constant = { none: "parley.const.0", one: "parley.const.1", two: "parley.const.2" } as const;
const listOfOne = "parley.const.list_1";
const [held, empty] = ["parley.const.held", "parley.const.empty"];

const sharedConstants: readonly (readonly [string, Uint8Array])[] = [
  [constant.none, integers(constant.none, 0)],
  [constant.one, integers(constant.one, 1)],
  [constant.two, integers(constant.two, 2)],
  [listOfOne, integers(listOfOne, [1])],
  [FLAT, integers(FLAT, [1, 1, -1])],
  [held, float(held, 0)],
  [empty, float(empty, NOTHING)],
];

/**
 * The model with the attention of a decode step (one position behind a cache) as products on the cache's own memory.
 * GroupQueryAttention copies past to present before it reads, and reads it once for each query head: 0.7 ms a layer of the
 * 3B decoder behind 381 positions, where products take 0.4, and 3.1 behind 1500, where they take 1.1 (docs/decisions/0013).
 * Longer runs keep the operator. Takes a model of `withNewRows`; nodes of GroupQueryAttention that ask for more than scaled
 * scores stay as they are. The same sums in another order: scores differ by rounding.
 */
export function withStepAttention(model: OnnxModel): OnnxModel {
  const makers = new Map(model.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  if (!makers.has(lengths.before)) return model;
  const replaced = new Map<ModelNode, Replacement>();
  for (const node of model.nodes) {
    const attention = attentionOf(node, model);
    if (attention) replaced.set(node, replacementOf(node, attention));
  }
  const first = [...replaced.keys()][0];
  if (!first) return model;
  const initializers = new Map(model.initializers);
  for (const [name, tensor] of sharedConstants) initializers.set(name, tensor);
  for (const { constants } of replaced.values())
    for (const [name, tensor] of constants) initializers.set(name, tensor);
  const nodes = model.nodes.flatMap((node) => {
    const own = replaced.get(node)?.nodes;
    if (own) return own;
    // A slice of what the attention no longer makes whole.
    const maker = node.op === "Slice" ? makers.get(node.inputs[0]!) : undefined;
    const rows = maker && replaced.get(maker)?.rows.get(node.inputs[0]!);
    return rows ? rows(node.outputs[0]!) : [node];
  });
  const counted = nodes.findIndex(({ outputs }) => outputs.includes(lengths.before)) + 1;
  return { ...model, nodes: nodes.toSpliced(counted, 0, ...roomNodes(first.inputs[3]!)), initializers };
}

interface Attention {
  readonly heads: number;
  readonly kvHeads: number;
  readonly scale: number;
  readonly query: string;
  /** What is new, and what was cached. */
  readonly key: string;
  readonly value: string;
  readonly pastKey: string;
  readonly pastValue: string;
  readonly attended: string;
  readonly presentKey: string;
  readonly presentValue: string;
}

/** Attributes that change nothing when they have this value; others are not understood. */
const neutral: Readonly<Record<string, number>> = { do_rotary: 0, local_window_size: -1, softcap: 0 };

/** What a node asks for, where products can do it: float32, rotated before, a cache of the graph's own, no biases or sinks. */
function attentionOf(node: ModelNode, { inputs }: OnnxModel): Attention | undefined {
  if (node.op !== "GroupQueryAttention" || node.inputs.length !== 7 || node.outputs.length !== 3)
    return undefined;
  const [query, key, value, pastKey, pastValue] = node.inputs;
  const [attended, presentKey, presentValue] = node.outputs;
  if (!query || !key || !value || !pastKey || !pastValue) return undefined;
  if (!attended || !presentKey || !presentValue) return undefined;
  const caches = [inputs.get(pastKey), inputs.get(pastValue)];
  if (!caches.every((info) => info && elementTypeOf(info) === FLOAT)) return undefined;
  const { num_heads: heads, kv_num_heads: kvHeads, scale, ...others } = Object.fromEntries(numbersOf(node));
  const hasOthers = Object.entries(others).some(([name, number]) => neutral[name] !== number);
  if (!heads || !kvHeads || !scale || hasOthers) return undefined;
  const names = { query, key, value, pastKey, pastValue, attended, presentKey, presentValue };
  return { heads, kvHeads, scale, ...names };
}

interface Replacement {
  readonly nodes: readonly ModelNode[];
  readonly constants: ReadonlyMap<string, Uint8Array>;
  /** What a cache has gained, by the name of what GroupQueryAttention made of it. */
  readonly rows: ReadonlyMap<string, (output: string) => readonly ModelNode[]>;
}

function replacementOf(node: ModelNode, attention: Attention): Replacement {
  const { heads, kvHeads, scale, query, key, value, pastKey, pastValue, attended } = attention;
  const own = (name: string): string => `parley.step.${attended}.${name}`;
  const group = `parley.group.${kvHeads}.${heads}`;
  const row = `parley.row.${kvHeads}`;
  const steps: ModelNode[] = [];
  const put = (
    op: string,
    from: readonly string[],
    to: string | readonly string[],
    options?: OperatorOptions,
  ) => steps.push(plainNode(op, from, to, options));
  const product = (from: readonly string[], to: string, alpha: number, transB: number): unknown =>
    put("FusedMatMul", from, to, {
      domain: "com.microsoft",
      attributes: { alpha: { float: alpha }, transB },
    });
  // A query head's neighbours share its keys: [1, 1, heads × size] → [1, kvHeads, heads ÷ kvHeads, size].
  put("Reshape", [query, group], own("query"));
  put("Reshape", [key, row], own("key"));
  put("Reshape", [value, row], own("value"));
  product([own("query"), pastKey], own("cached"), scale, 1);
  product([own("query"), own("key")], own("new"), scale, 1);
  put("Add", [own("cached"), ROOM], own("held"));
  put("Concat", [own("held"), own("new")], own("scores"), { attributes: { axis: 3 } });
  put("Softmax", [own("scores")], own("shares"), { attributes: { axis: 3 } });
  put("Split", [own("shares"), SPLIT], [own("of_cached"), own("of_new")], { attributes: { axis: 3 } });
  product([own("of_cached"), pastValue], own("from_cached"), 1, 0);
  put("Mul", [own("of_new"), own("value")], own("from_new"));
  put("Add", [own("from_cached"), own("from_new")], own("sum"));
  put("Reshape", [own("sum"), FLAT], own("attended"));
  const whole = new Map(node.outputs.map((name) => [name, own(`whole.${name}`)]));
  const kept = { ...node, bytes: withOutputs(node, whole) };
  const branches = {
    then_branch: branchOf(steps, own("attended")),
    else_branch: branchOf([kept], own(`whole.${attended}`)),
  };
  const chosen = plainNode("If", [IS_STEP], attended, { branches });
  const rows =
    (from: string) =>
    (output: string): readonly ModelNode[] => [
      // [batch, positions, kvHeads × size] → [batch, kvHeads, positions, size]
      plainNode("Reshape", [from, rowsShape(kvHeads)], own(`rows.${output}`)),
      plainNode("Transpose", [own(`rows.${output}`)], output, { attributes: { perm: [0, 2, 1, 3] } }),
    ];
  return {
    nodes: [{ ...chosen, captured: [query, key, value, pastKey, pastValue, ROOM] }],
    constants: new Map([
      [group, integers(group, [1, kvHeads, heads / kvHeads, -1])],
      [row, integers(row, [1, kvHeads, 1, -1])],
      [rowsShape(kvHeads), integers(rowsShape(kvHeads), [0, 0, kvHeads, -1])],
    ]),
    rows: new Map([
      [attention.presentKey, rows(key)],
      [attention.presentValue, rows(value)],
    ]),
  };
}

/** A sub-graph that reads what it needs from outside. */
function branchOf(nodes: readonly ModelNode[], output: string): Chunks {
  const outputs = [valueInfo(output)];
  return writeGraph({ nodes: nodes.map(({ bytes }) => [bytes]), initializers: [], inputs: [], outputs });
}

/** Once a run: whether it is a step, and which rows of a cache of this capacity hold something. */
function roomNodes(cache: string): readonly ModelNode[] {
  const { none, one, two } = constant;
  return [
    plainNode("Equal", [lengths.added, one], "parley.is_single"),
    plainNode("Greater", [lengths.before, none], "parley.is_behind"),
    plainNode("And", ["parley.is_single", "parley.is_behind"], IS_STEP),
    plainNode("Shape", [cache], "parley.cache_shape"),
    plainNode("Gather", ["parley.cache_shape", two], "parley.capacity"),
    plainNode("Range", [none, "parley.capacity", one], "parley.rows"),
    plainNode("Less", ["parley.rows", lengths.before], "parley.is_held"),
    plainNode("Where", ["parley.is_held", held, empty], ROOM),
    plainNode("Reshape", ["parley.capacity", listOfOne], "parley.capacity_list"),
    plainNode("Concat", ["parley.capacity_list", listOfOne], SPLIT, { attributes: { axis: 0 } }),
  ];
}
