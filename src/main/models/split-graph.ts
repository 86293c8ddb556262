import { readFileSync, statSync } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
import { Tensor } from "onnxruntime-node";
import { AppError } from "../../shared/errors.ts";
import { readModel } from "./onnx-model.ts";
import type { ModelNode } from "./onnx-model.ts";
import { openGraph } from "./onnx-session.ts";
import type { Graph, GraphRun, OpenOptions, TensorInfo } from "./onnx-session.ts";
import { inferTensors } from "./onnx-shapes.ts";
import { evenGroups, SplitPlan } from "./onnx-split.ts";
import { PIECE_INPUT, switchModel } from "./onnx-switch.ts";
import type { SwitchModel } from "./onnx-switch.ts";
import type { RealProvider } from "./services.ts";

/**
 * Multiplications of a piece, on average. Fewer would cost more than some three in a hundred: dispatch, threads that wake
 * and normalisation no longer fused with the addition before it (`node bench/pieces.ts`); it is a share of the work, so
 * that the machine's speed does not matter. On two cores of a small machine such a piece takes about 10 ms.
 */
const PIECE_PRODUCTS = 4e8;

/**
 * Larger graph files stay whole: these are weights in the file itself, and onnxruntime copies them once for every level of
 * the tree (a file of 42 MB in 64 pieces took 430 MB). Weights in files beside the graph stay where they are.
 */
const LARGEST_FILE_BYTES = 32 * 1024 * 1024;

export interface SplitRunOptions {
  /** With a signal, messages get through between pieces, and an aborted run throws `cancelled` before its next piece. */
  readonly signal?: AbortSignal;
  /** Called after each piece with its number, from 0, and its milliseconds. */
  readonly onPiece?: (piece: number, ms: number) => void;
}

/**
 * A graph that runs in pieces, so that it can be abandoned between them: `session.run` blocks its thread and knows no
 * cancellation. Runs are sequential.
 */
export interface SplitGraph {
  readonly path: string;
  readonly provider: Graph["provider"];
  /** 1 when the graph runs as a whole; `wholeBecause` tells why. */
  readonly pieceCount: number;
  readonly wholeBecause?: string;
  readonly inputs: ReadonlyMap<string, TensorInfo>;
  readonly outputs: ReadonlyMap<string, TensorInfo>;
  /** Runs all pieces. Errors as Graph.run, and `cancelled`. */
  run(feeds: Readonly<Record<string, Tensor>>, options?: SplitRunOptions): Promise<GraphRun>;
  /** Frees the native session. Idempotent. */
  release(): Promise<void>;
}

/**
 * Opens the graph at `path` in pieces of `pieceProducts` multiplications on average, for inputs of exactly these types
 * and shapes. On the CPU only: elsewhere, and when the graph cannot be cut, it runs as a whole, as one piece. Errors as
 * `openGraph`.
 */
export async function openSplitGraph(
  path: string,
  options: OpenOptions,
  inputs: readonly TensorInfo[],
  pieceProducts: number = PIECE_PRODUCTS,
): Promise<SplitGraph> {
  const made: { cut: Cut } = { cut: { wholeBecause: "only the CPU runs it in pieces" } };
  const modelFor = async (provider: RealProvider): Promise<Uint8Array | undefined> => {
    if (provider === "cpu") made.cut = await cutGraph(path, inputs, pieceProducts);
    return made.cut.switched?.model.bytes;
  };
  try {
    const graph = await openGraph(path, { ...options, modelFor });
    const { switched, wholeBecause } = made.cut;
    return switched ? new PiecedGraph(graph, switched) : wholeGraph(graph, wholeBecause);
  } catch (error) {
    if (!made.cut.switched || !(error instanceof AppError) || error.code === "out-of-memory") throw error;
    // The file itself may be sound; if it is not, this says so.
    const graph = await openGraph(path, { ...options, provider: "cpu" });
    return wholeGraph(graph, `its pieces could not be opened: ${error.message}`);
  }
}

type Cut =
  | { readonly switched?: undefined; readonly wholeBecause: string }
  | { readonly switched: Switched; readonly wholeBecause?: undefined };

interface Switched {
  readonly model: SwitchModel;
  readonly outputs: ReadonlyMap<string, TensorInfo>;
  /** Two a slot: a piece reads one and writes the other, so that nothing is copied out. */
  readonly buffers: readonly (readonly [Tensor, Tensor])[];
}

async function cutGraph(path: string, inputs: readonly TensorInfo[], pieceProducts: number): Promise<Cut> {
  try {
    if (statSync(path).size > LARGEST_FILE_BYTES)
      return { wholeBecause: "its weights are not in files of their own" };
    const model = readModel(readFileSync(path));
    const plan = new SplitPlan(model);
    if (plan.unitCount === 1) return { wholeBecause: "nowhere few enough activations are live" };
    const units = Array.from({ length: plan.unitCount }, (_, unit) => unit);
    const tensors = await inferTensors(model, inputs, tensorsOfInterest(plan, units));
    const costs = units.map((unit) => sum(plan.products(unit).map((node) => multiplications(node, tensors))));
    const count = Math.min(units.length, Math.round(sum(costs) / pieceProducts));
    if (count < 2) return { wholeBecause: "it is too small" };
    const bounds = evenGroups(costs, count);
    const pieces = bounds.slice(1).map((end, index) => plan.piece(bounds[index]!, end));
    const switched = switchModel(model, pieces, tensors);
    const outputs = new Map([...model.outputs.keys()].map((name) => [name, tensors.get(name)!]));
    return {
      switched: {
        model: switched,
        outputs,
        buffers: switched.slots.map(({ info }) => [emptyTensor(info), emptyTensor(info)]),
      },
    };
  } catch (error) {
    // Silence is right: whole, the graph works as well, and if the file is damaged, opening it says so.
    return { wholeBecause: error instanceof Error ? error.message : String(error) };
  }
}

function tensorsOfInterest(plan: SplitPlan, units: readonly number[]): ReadonlySet<string> {
  return new Set(
    units.flatMap((unit) => [
      ...plan.piece(unit, unit + 1).outputs,
      ...plan.products(unit).flatMap((node) => node.inputs.concat(node.outputs)),
    ]),
  );
}

/** Multiplications of a product, from its shapes; 0 where those are not known. */
function multiplications(node: ModelNode, tensors: ReadonlyMap<string, TensorInfo>): number {
  const dims = (name: string | undefined): readonly number[] =>
    (tensors.get(name ?? "")?.shape ?? []).map((dim) => (typeof dim === "number" ? dim : 0));
  const [input, other] = node.inputs;
  const results = product(dims(node.outputs[0]));
  // Scores and their product with the values: each result meets every key twice.
  if (node.op.includes("Attention")) return 2 * results * (dims(other).at(-2) ?? 0);
  if (node.op.includes("Conv")) return results * product(dims(other).slice(1));
  return results * (dims(input).at(-1) ?? 0);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function product(values: readonly number[]): number {
  return values.reduce((total, value) => total * value, 1);
}

function emptyTensor({ name, type, shape }: TensorInfo): Tensor {
  const dims = shape.map(Number);
  const length = product(dims);
  switch (type) {
    case "float32":
      return new Tensor(type, new Float32Array(length), dims);
    case "float16":
      return new Tensor(type, new Uint16Array(length), dims);
    case "int64":
      return new Tensor(type, new BigInt64Array(length), dims);
    case "int32":
      return new Tensor(type, new Int32Array(length), dims);
    case "bool":
      return new Tensor(type, new Uint8Array(length), dims);
    default:
      throw new Error(`${name} passes between pieces as ${type}`);
  }
}

function wholeGraph(graph: Graph, wholeBecause: string): SplitGraph {
  return {
    path: graph.path,
    provider: graph.provider,
    pieceCount: 1,
    wholeBecause,
    inputs: graph.inputs,
    outputs: graph.outputs,
    async run(feeds, { signal, onPiece } = {}) {
      throwIfAborted(signal);
      const run = await graph.run(feeds);
      onPiece?.(0, run.sessionMs);
      return run;
    },
    release: () => graph.release(),
  };
}

class PiecedGraph implements SplitGraph {
  readonly path: string;
  readonly provider: RealProvider;
  readonly pieceCount: number;
  readonly inputs: ReadonlyMap<string, TensorInfo>;
  readonly outputs: ReadonlyMap<string, TensorInfo>;
  readonly #graph: Graph;
  readonly #slots: SwitchModel["slots"];
  readonly #steps: SwitchModel["steps"];
  readonly #buffers: readonly { current: Tensor; spare: Tensor }[];

  constructor(graph: Graph, { model, outputs, buffers }: Switched) {
    const own = new Set([PIECE_INPUT, ...model.slots.map(({ name }) => name)]);
    this.path = graph.path;
    this.provider = graph.provider;
    this.pieceCount = model.steps.length;
    this.inputs = new Map([...graph.inputs].filter(([name]) => !own.has(name)));
    this.outputs = outputs;
    this.#graph = graph;
    this.#slots = model.slots;
    this.#steps = model.steps;
    this.#buffers = buffers.map(([current, spare]) => ({ current, spare }));
  }

  async run(
    feeds: Readonly<Record<string, Tensor>>,
    { signal, onPiece }: SplitRunOptions = {},
  ): Promise<GraphRun> {
    const outputs: Record<string, Tensor> = {};
    let startMs = 0;
    let endMs = 0;
    let sessionMs = 0;
    for (const [piece, { writes, delivers }] of this.#steps.entries()) {
      // A whole turn of the event loop: whatever has arrived on a port or pipe is handled before it comes back.
      if (signal && piece > 0) await nextTurn();
      throwIfAborted(signal);
      const run = await this.#graph.run(
        {
          ...feeds,
          [PIECE_INPUT]: new Tensor("int64", BigInt64Array.of(BigInt(piece)), []),
          ...Object.fromEntries(this.#slots.map(({ name }, slot) => [name, this.#buffers[slot]!.current])),
        },
        {
          ...Object.fromEntries(delivers.map(({ output }) => [output, null])),
          ...Object.fromEntries(writes.map(({ output, slot }) => [output, this.#buffers[slot]!.spare])),
        },
      );
      for (const { output, name } of delivers) outputs[name] = run.outputs[output]!;
      for (const { slot } of writes) {
        const { current, spare } = this.#buffers[slot]!;
        Object.assign(this.#buffers[slot]!, { current: spare, spare: current });
      }
      if (piece === 0) startMs = run.startMs;
      endMs = run.endMs;
      sessionMs += run.sessionMs;
      onPiece?.(piece, run.sessionMs);
    }
    return { outputs, startMs, endMs, sessionMs };
  }

  release(): Promise<void> {
    return this.#graph.release();
  }
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new AppError("cancelled", "The computation was cancelled between two pieces.");
}
