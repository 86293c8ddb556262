import type { ModelNode, OnnxModel } from "./onnx-model.ts";

/** Products: what a network spends its time on (ONNX and com.microsoft operators). */
const products = /Conv|MatMul|Gemm|Attention/;
/** A block begins with one of these on what flows through the network, also where an exporter wrote them out. */
const blockStarts = /Norm|^ReduceMean$|^Pow$|^DynamicQuantizeLinear$|Conv|MatMul|Gemm|Attention/;
/** Operators that make much out of a shape. All others make as little of it as they were given. */
const expanding = /^(ConstantOfShape|Expand|Range|Tile|EyeLike|Pad|Resize|Upsample|Random.*|Bernoulli)$/;
const random = /^(Random.*|Bernoulli|Multinomial)$/;

/**
 * Where an ONNX graph falls into consecutive units joined by few activations: the residual stream between the attention
 * and feed-forward blocks of a transformer. What depends on constants alone belongs to every unit that needs it; numbers
 * made from shapes are passed on, they weigh nothing.
 */
export class SplitPlan {
  readonly #model: OnnxModel;
  /** By tensor: the node that makes it of constants alone. */
  readonly #constants = new Map<string, ModelNode>();
  /** Nodes that depend on an input, in order. */
  readonly #body: ModelNode[] = [];
  /** Tensors that are numbers made from shapes. */
  readonly #small = new Set<string>();
  /** By tensor: the place in #body that makes it (-1: an input of the model), and the places that read it. */
  readonly #madeAt = new Map<string, number>();
  readonly #readAt = new Map<string, number[]>();
  /** Tensors that sub-graphs of nodes read. Pieces rename what they take in, and cannot do so inside of sub-graphs. */
  readonly #captured: ReadonlySet<string>;
  /** Products before each place. */
  readonly #productsBefore: readonly number[];
  /** Where units begin in #body, and its end: one more than there are units. */
  readonly #bounds: readonly number[];

  constructor(model: OnnxModel) {
    this.#model = model;
    this.#captured = new Set(model.nodes.flatMap((node) => node.captured));
    for (const name of model.inputs.keys()) this.#define(name, -1);
    for (const node of model.nodes) this.#add(node);
    for (const name of model.outputs.keys()) this.#readAt.get(name)?.push(this.#body.length);
    let count = 0;
    this.#productsBefore = [0, ...this.#body.map(({ op }) => (count += products.test(op) ? 1 : 0))];
    this.#bounds = this.#isOdd() ? [0, this.#body.length] : this.#findBounds();
  }

  /** Parts that the graph can be cut into; 1 when it cannot be cut. */
  get unitCount(): number {
    return this.#bounds.length - 1;
  }

  /** The nodes that take the time of a unit. */
  products(unit: number): readonly ModelNode[] {
    const nodes = this.#body.slice(this.#bounds[unit], this.#bounds[unit + 1]);
    return nodes.filter(({ op }) => products.test(op));
  }

  /** Units `from` to `to` (exclusive), taken together. */
  piece(from: number, to: number): Piece {
    const start = this.#bounds[from]!;
    const end = this.#bounds[to]!;
    const body = this.#body.slice(start, end);
    const read = new Set(body.flatMap((node) => [...node.inputs, ...node.captured]));
    const inputs = [...read].filter((name) => {
      const place = this.#madeAt.get(name);
      return place !== undefined && (place < start || place >= end);
    });
    const outputs = body.flatMap((node) => node.outputs).filter((name) => this.#lastRead(name) >= end);
    const nodes = this.#withConstants(body);
    const needed = new Set(nodes.flatMap((node) => [...node.inputs, ...node.captured]));
    const weights = [...this.#model.initializers].filter(([name]) => needed.has(name));
    return { nodes, inputs, outputs, initializers: weights.map(([, bytes]) => bytes) };
  }

  #define(name: string, place: number): void {
    this.#madeAt.set(name, place);
    this.#readAt.set(name, []);
  }

  #add(node: ModelNode): void {
    const variable = [...node.inputs, ...node.captured].filter((name) => this.#madeAt.has(name));
    if (variable.length === 0 && !random.test(node.op)) {
      for (const name of node.outputs) this.#constants.set(name, node);
      return;
    }
    const place = this.#body.push(node) - 1;
    for (const name of variable) this.#readAt.get(name)!.push(place);
    const isShape = node.op === "Shape" || node.op === "Size";
    const isSmall = variable.length > 0 && variable.every((name) => this.#small.has(name));
    for (const name of node.outputs) {
      this.#define(name, place);
      if (isShape || (isSmall && !expanding.test(node.op))) this.#small.add(name);
    }
  }

  /** Oddities that deserve no rules of their own: sparse weights, sub-graphs that read shapes, outputs that are inputs. */
  #isOdd(): boolean {
    const { hasSparseWeights, outputs } = this.#model;
    const isPassedOn = [...this.#captured].some((name) => this.#small.has(name));
    return (
      hasSparseWeights || isPassedOn || [...outputs.keys()].some((name) => (this.#madeAt.get(name) ?? -1) < 0)
    );
  }

  /** One live activation where the graph allows that, two where normalisation is fused with the residual addition. */
  #findBounds(): readonly number[] {
    const end = this.#body.length;
    let bounds: readonly number[] = [];
    for (const limit of [1, 2]) {
      bounds = this.#boundsAmong(this.#cuts(limit));
      const largest = Math.max(...bounds.slice(1).map((bound, i) => this.#productsIn(bounds[i]!, bound)));
      if (largest * 4 <= this.#productsIn(0, end)) break;
    }
    return bounds;
  }

  /** Activations, additions and transposes stay with the product before them: kernels fuse them. */
  #boundsAmong(cuts: readonly number[]): readonly number[] {
    const end = this.#body.length;
    const bounds = [0];
    for (const [index, place] of cuts.entries()) {
      const next = cuts[index + 1] ?? end;
      if (this.#productsIn(bounds.at(-1)!, place) > 0 && this.#productsIn(place, next) > 0)
        bounds.push(place);
    }
    return [...bounds, end];
  }

  /** Places with at most `limit` activations live: made before, read from there on. Inputs are at hand everywhere. */
  #cuts(limit: number): readonly number[] {
    const live = new Set<string>();
    const cuts: number[] = [];
    for (const [place, node] of this.#body.entries()) {
      for (const name of live) if (this.#lastRead(name) < place) live.delete(name);
      if (live.size > 0 && live.size <= limit && this.#isSeam(node, place, live)) cuts.push(place);
      for (const name of node.outputs) if (!this.#small.has(name)) live.add(name);
    }
    return cuts;
  }

  #isSeam(node: ModelNode, place: number, live: ReadonlySet<string>): boolean {
    if (!node.inputs.some((name) => live.has(name))) return false;
    if ([...live].some((name) => this.#captured.has(name))) return false;
    const forks = [...live].some((name) => this.#readAt.get(name)!.filter((at) => at >= place).length > 1);
    return forks || blockStarts.test(node.op);
  }

  #lastRead(name: string): number {
    return this.#readAt.get(name)?.at(-1) ?? -1;
  }

  #productsIn(start: number, end: number): number {
    return this.#productsBefore[end]! - this.#productsBefore[start]!;
  }

  #withConstants(nodes: readonly ModelNode[]): readonly ModelNode[] {
    const needed = new Set<ModelNode>(nodes);
    const queue = [...nodes];
    for (let node = queue.pop(); node; node = queue.pop()) {
      for (const name of [...node.inputs, ...node.captured]) {
        const maker = this.#constants.get(name);
        if (!maker || needed.has(maker)) continue;
        needed.add(maker);
        queue.push(maker);
      }
    }
    return this.#model.nodes.filter((node) => needed.has(node));
  }
}

/** A stretch of a graph. */
export interface Piece {
  /** With the nodes that make its constants, in order. */
  readonly nodes: readonly ModelNode[];
  /** Inputs of the model and tensors of earlier pieces. */
  readonly inputs: readonly string[];
  /** Tensors for later pieces and outputs of the model. */
  readonly outputs: readonly string[];
  /** TensorProto messages. */
  readonly initializers: readonly Uint8Array[];
}

/**
 * Divides consecutive costs into `count` groups as alike as can be (least sum of squares). Returns where groups begin,
 * and the end.
 */
export function evenGroups(costs: readonly number[], count: number): readonly number[] {
  const sums = [0];
  for (const cost of costs) sums.push(sums.at(-1)! + cost);
  // best[k][end]: the least sum of squares of `end` costs in k + 1 groups, and where the last of them begins.
  const best: { readonly sum: number; readonly from: number }[][] = [];
  for (let k = 0; k < count; k++) {
    const before = best.at(-1);
    const row = sums.map((upTo, end) => {
      if (!before) return { sum: upTo ** 2, from: 0 };
      let found = { sum: Number.POSITIVE_INFINITY, from: 0 };
      for (let from = k; from < end; from++) {
        const sum = before[from]!.sum + (upTo - sums[from]!) ** 2;
        if (sum < found.sum) found = { sum, from };
      }
      return found;
    });
    best.push(row);
  }
  const bounds = [costs.length];
  for (let k = count - 1; k >= 0; k--) bounds.unshift(best[k]![bounds[0]!]!.from);
  return bounds;
}
