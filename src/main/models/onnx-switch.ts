import { newNode, newTensor, valueInfo, withInputs, writeGraph, writeModel } from "./onnx-model.ts";
import type { Chunks, GraphParts, OnnxModel } from "./onnx-model.ts";
import type { TensorInfo } from "./onnx-session.ts";
import type { Piece } from "./onnx-split.ts";

/** Input that says which piece to run: an int64 without dimensions. */
export const PIECE_INPUT = "parley.piece";

/** A place that carries tensors of one type and shape from pieces to later ones. Its name is an input of the model. */
export interface Slot {
  readonly name: string;
  readonly info: TensorInfo;
}

export interface SwitchStep {
  /** Which slots to write, by the model's output that delivers the tensor. */
  readonly writes: readonly { readonly output: string; readonly slot: number }[];
  /** Outputs of the original model that this piece delivers, by the output of this one. */
  readonly delivers: readonly { readonly output: string; readonly name: string }[];
}

export interface SwitchModel {
  readonly bytes: Uint8Array;
  readonly slots: readonly Slot[];
  readonly steps: readonly SwitchStep[];
}

/**
 * One model that runs any one of `pieces` at a time, chosen by an input: a tree of If nodes. One session for all pieces
 * means one pool of threads, one arena for all activations and every weight once. As sessions of their own the twelve
 * units of the demo encoder took 400 MB instead of 130, and about twice as long for each cut.
 * `tensors` has to know type and full shape of all that passes between pieces; throws an Error otherwise.
 */
export function switchModel(
  model: OnnxModel,
  pieces: readonly Piece[],
  tensors: ReadonlyMap<string, TensorInfo>,
): SwitchModel {
  const { slots, slotOf } = assignSlots(pieces, tensors);
  const outputTypes = commonOutputs(pieces, tensors);
  const outputNames = outputTypes.map((_, index) => outputName(index, pieces.length >> 1));
  const branches = pieces.map((piece) => {
    const renamed = piece.inputs.flatMap((name) => {
      const slot = slotOf.get(name);
      return slot === undefined ? [] : [[name, slots[slot]!.name] as const];
    });
    return branchOf(piece, new Map(renamed), outputTypes, tensors);
  });
  const bodies = branches.map(({ body }) => body);
  const bytes = writeModel(
    model.header,
    writeGraph({
      ...treeOf(bodies, 0, outputTypes.length),
      inputs: [
        valueInfo(PIECE_INPUT, { type: "int64", shape: [] }),
        ...model.inputs.values(),
        ...slots.map(({ name, info }) => valueInfo(name, info)),
      ],
    }),
  );
  const steps = branches.map(({ carried }) => {
    const outputs = carried.map(({ name, index }) => ({ name, output: outputNames[index]! }));
    return {
      writes: outputs.flatMap(({ name, output }) => {
        const slot = slotOf.get(name);
        return slot === undefined ? [] : [{ output, slot }];
      }),
      delivers: outputs.filter(({ name }) => model.outputs.has(name)),
    };
  });
  return { bytes, slots, steps };
}

/** Tensors of one type and shape share a slot once the earlier one is not read any more. */
function assignSlots(
  pieces: readonly Piece[],
  tensors: ReadonlyMap<string, TensorInfo>,
): { readonly slots: readonly Slot[]; readonly slotOf: ReadonlyMap<string, number> } {
  const slots: (Slot & { busyUntil: number })[] = [];
  const slotOf = new Map<string, number>();
  for (const [at, piece] of pieces.entries()) {
    for (const tensor of piece.outputs) {
      const busyUntil = pieces.findLastIndex((later) => later.inputs.includes(tensor));
      if (busyUntil <= at) continue;
      const info = concrete(tensor, tensors.get(tensor));
      const key = `${info.type} ${info.shape.join()}`;
      let slot = slots.findIndex(
        (free) => free.busyUntil <= at && `${free.info.type} ${free.info.shape.join()}` === key,
      );
      if (slot < 0) slot = slots.push({ name: `parley.in.${slots.length}`, info, busyUntil }) - 1;
      slots[slot]!.busyUntil = busyUntil;
      slotOf.set(tensor, slot);
    }
  }
  return { slots, slotOf };
}

function concrete(name: string, info: TensorInfo | undefined): TensorInfo {
  if (info?.shape.every((dim) => typeof dim === "number")) return info;
  throw new Error(`the shape of ${name} is not known`);
}

/** Element types of outputs such that every piece finds one for each of its own. */
function commonOutputs(
  pieces: readonly Piece[],
  tensors: ReadonlyMap<string, TensorInfo>,
): readonly TensorInfo["type"][] {
  const types: TensorInfo["type"][] = [];
  for (const { outputs } of pieces) {
    const free = [...types];
    for (const name of outputs) {
      const { type } = concrete(name, tensors.get(name));
      const index = free.indexOf(type);
      if (index < 0) types.push(type);
      else free.splice(index, 1);
    }
  }
  return types;
}

interface Branch {
  readonly body: Chunks;
  /** Which of the common outputs carries which tensor. */
  readonly carried: readonly { readonly name: string; readonly index: number }[];
}

function branchOf(
  piece: Piece,
  renamed: ReadonlyMap<string, string>,
  outputTypes: readonly TensorInfo["type"][],
  tensors: ReadonlyMap<string, TensorInfo>,
): Branch {
  const waiting = [...piece.outputs];
  const carried: { name: string; index: number }[] = [];
  const nodes: Chunks[] = piece.nodes.map((node) => [withInputs(node, renamed)]);
  const initializers = [...piece.initializers];
  // All branches of an If have the same outputs: a branch without one of them hands out an empty tensor.
  const outputs = outputTypes.map((type, index) => {
    const at = waiting.findIndex((name) => tensors.get(name)!.type === type);
    if (at >= 0) {
      const [name] = waiting.splice(at, 1);
      carried.push({ name: name!, index });
      return valueInfo(name!);
    }
    initializers.push(newTensor(`parley.none.${index}`, type));
    nodes.push(newNode("Identity", [`parley.none.${index}`], [`parley.nothing.${index}`]));
    return valueInfo(`parley.nothing.${index}`);
  });
  return { body: writeGraph({ nodes, initializers, inputs: [], outputs }), carried };
}

/**
 * Chooses among consecutive pieces. Balanced, since every level costs a comparison and a call: six of them for 64 pieces.
 */
function treeOf(branches: readonly Chunks[], first: number, outputCount: number): GraphParts {
  const middle = branches.length >> 1;
  const limit = first + middle;
  const half = (part: readonly Chunks[], start: number): Chunks =>
    part.length === 1 ? part[0]! : writeGraph(treeOf(part, start, outputCount));
  const outputs = Array.from({ length: outputCount }, (_, index) => outputName(index, limit));
  return {
    nodes: [
      newNode("Less", [PIECE_INPUT, `parley.limit.${limit}`], [`parley.isBefore.${limit}`]),
      newNode("If", [`parley.isBefore.${limit}`], outputs, {
        then_branch: half(branches.slice(0, middle), first),
        else_branch: half(branches.slice(middle), limit),
      }),
    ],
    initializers: [newTensor(`parley.limit.${limit}`, "int64", BigInt(limit))],
    inputs: [],
    outputs: outputs.map((name) => valueInfo(name)),
  };
}

/** Names are unique in the whole tree: no two of its nodes divide at the same piece. */
function outputName(index: number, limit: number): string {
  return `parley.out.${index}.${limit}`;
}
