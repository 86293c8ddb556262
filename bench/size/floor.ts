import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Tensor } from "onnxruntime-node";
import { modelBytes, withIntegerActivations } from "../../src/main/models/tuning/tuned-decoder.ts";
import { openGraph, type Graph } from "../../src/main/models/onnx-session.ts";
import { readModel } from "../../src/main/models/onnx-model.ts";
import { percentile } from "../../src/shared/metrics.ts";
import { GraphWriter } from "../../tools/synthetic/graph-writer.ts";
import { matMul } from "../../tools/synthetic/quantized.ts";
import type { VoxtralScale } from "../../tools/synthetic/scales.ts";

/** What this machine can do at best, measured in the same run as everything else. */
export interface Floor {
  /** Bytes a second that come out of memory for one row times a float32 matrix. */
  readonly bytesPerSecond: number;
  /** Multiplications a second of one large float32 product. */
  readonly productsPerSecond: number;
  /** One step's 4-bit products, all layers and the lm_head, one after the other, and nothing else: the median of many. */
  readonly productsMs: number;
}

/** Of what was measured before and behind something: the machine at its best, and products as it was in between. */
export function between(before: Floor, after: Floor): Floor {
  return {
    bytesPerSecond: Math.max(before.bytesPerSecond, after.bytesPerSecond),
    productsPerSecond: Math.max(before.productsPerSecond, after.productsPerSecond),
    productsMs: (before.productsMs + after.productsMs) / 2,
  };
}

const REPEATS = 9;
/** As many as the steps of a round: a median is compared with a median. */
const CHAIN_REPEATS = 33;
/** Far more than any cache holds. */
const STREAM_BYTES = 512 * 2 ** 20;

/** Measures on the CPU with as many threads as the decoder uses, which wait as the decoder's do. */
export async function measureFloor(scale: VoxtralScale, positions: number): Promise<Floor> {
  const folder = mkdtempSync(path.join(tmpdir(), "parley-floor-"));
  const file = (name: string): string => path.join(folder, `${name}.onnx`);
  try {
    const stream = percentile(await timesOf(streamGraph(file("stream")), [1, STREAM_ROWS]), 0);
    const product = percentile(
      await timesOf(productGraph(file("product"), scale), [positions, scale.hiddenSize]),
      0,
    );
    const chain = await timesOf(chainGraph(file("chain"), scale), [1, 1, scale.hiddenSize], CHAIN_REPEATS);
    return {
      bytesPerSecond: STREAM_BYTES / (stream / 1000),
      productsPerSecond: (positions * scale.hiddenSize * scale.intermediateSize) / (product / 1000),
      productsMs: percentile(chain, 0.5),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const STREAM_ROWS = 8192;

/** One row times a matrix far larger than any cache: every number is read once and used once. */
function streamGraph(file: string): string {
  const graph = new GraphWriter(file, "floor");
  const columns = STREAM_BYTES / 4 / STREAM_ROWS;
  const x = graph.input("x", "float32", [1, STREAM_ROWS]);
  graph.node("MatMul", [x, graph.randomFloats("w", [STREAM_ROWS, columns], 0.01)], {}, ["y"]);
  graph.output("y", "float32", [1, columns]);
  graph.finish();
  return file;
}

function productGraph(file: string, { hiddenSize, intermediateSize }: VoxtralScale): string {
  const graph = new GraphWriter(file, "floor");
  const x = graph.input("x", "float32", ["positions", hiddenSize]);
  graph.node("MatMul", [x, graph.randomFloats("w", [hiddenSize, intermediateSize], 0.01)], {}, ["y"]);
  graph.output("y", "float32", ["positions", intermediateSize]);
  graph.finish();
  return file;
}

/** The decoder's products in its order, without attention, norms and activations. */
function chainGraph(file: string, scale: VoxtralScale): string {
  const { layers, hiddenSize, intermediateSize, heads, kvHeads, headSize, vocabulary } = scale;
  const graph = new GraphWriter(file, "floor");
  let x = graph.input("x", "float32", [1, 1, hiddenSize]);
  const kept: string[] = [];
  const product = (from: string, name: string, k: number, n: number): string =>
    matMul(graph, from, { name, k, n });
  for (let layer = 0; layer < layers; layer++) {
    const query = product(x, `${layer}.q`, hiddenSize, heads * headSize);
    for (const part of ["k", "v"]) kept.push(product(x, `${layer}.${part}`, hiddenSize, kvHeads * headSize));
    const out = product(query, `${layer}.o`, heads * headSize, hiddenSize);
    kept.push(product(out, `${layer}.gate`, hiddenSize, intermediateSize));
    x = product(
      product(out, `${layer}.up`, hiddenSize, intermediateSize),
      `${layer}.down`,
      intermediateSize,
      hiddenSize,
    );
  }
  const logits = product(x, "lm_head", hiddenSize, vocabulary);
  // What nobody reads would not be computed.
  const all = graph.node("Concat", [logits, ...kept], { axis: 2 });
  graph.node("ReduceMax", [all], { keepdims: 1 }, ["y"]);
  graph.output("y", "float32", ["a", "b", "c"]);
  graph.finish();
  return file;
}

/** Milliseconds of several runs. 4-bit products run as the tuned decoder's do. */
async function timesOf(file: string, dims: readonly number[], repeats = REPEATS): Promise<number[]> {
  const model = withIntegerActivations(readModel(readFileSync(file)));
  const modelFor = async (): Promise<Uint8Array> => modelBytes(model);
  const graph: Graph = await openGraph(file, { provider: "cpu", threads: 0, spins: "briefly", modelFor });
  const length = dims.reduce((all, dim) => all * dim, 1);
  const x = new Tensor(
    "float32",
    Float32Array.from({ length }, (_, i) => Math.sin(i)),
    [...dims],
  );
  const times: number[] = [];
  // The first run makes room and does not count.
  for (let run = 0; run <= repeats; run++) times.push((await graph.run({ x })).sessionMs);
  await graph.release();
  return times.slice(1);
}
