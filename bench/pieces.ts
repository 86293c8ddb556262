/**
 * What running the audio encoder in pieces costs: the same file whole and in pieces, in turn, in one process.
 *
 *     node bench/pieces.ts [--rounds 20] [--model-dir resources/models/nano/voxtral]
 */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Tensor } from "onnxruntime-node";
import { findGraph } from "../src/main/models/model-folder.ts";
import { openGraph } from "../src/main/models/onnx-session.ts";
import { openSplitGraph } from "../src/main/models/split-graph.ts";
import { percentile } from "../src/shared/metrics.ts";

const nano = fileURLToPath(new URL("../resources/models/nano/voxtral", import.meta.url));
const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "20" },
    "model-dir": { type: "string", default: nano },
  },
});

const shape = [1, 128, 3000];
const noise = Float32Array.from({ length: 128 * 3000 }, (_, i) => Math.sin(i * 0.37) * 0.6 - 0.5);
const feeds = { audio_values: new Tensor("float32", noise, shape) };
const options = { provider: "cpu", threads: 0, spins: true } as const;
const path = findGraph(values["model-dir"], "audio_encoder", { provider: "cpu" }).path;

async function opened<T>(open: () => Promise<T>) {
  const bytesBefore = process.memoryUsage.rss();
  const startMs = performance.now();
  const graph = await open();
  return { graph, loadMs: performance.now() - startMs, bytesBefore };
}

async function elapsedMs(work: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  await work();
  return performance.now() - startMs;
}

const megabytesSince = (bytes: number): number => (process.memoryUsage.rss() - bytes) / 1e6;

const whole = await opened(() => openGraph(path, options));
await whole.graph.run(feeds);
const wholeMegabytes = megabytesSince(whole.bytesBefore);
const split = await opened(() =>
  openSplitGraph(path, options, [{ name: "audio_values", type: "float32", shape }]),
);
await split.graph.run(feeds);
const splitMegabytes = megabytesSince(split.bytesBefore);

const { pieceCount, wholeBecause } = split.graph;
const { signal } = new AbortController();
const times = { whole: [] as number[], pieces: [] as number[], yielding: [] as number[] };
const pieces = Array.from({ length: pieceCount }, (): number[] => []);
for (let round = 0; round < Number(values.rounds); round++) {
  times.whole.push(await elapsedMs(() => whole.graph.run(feeds)));
  times.pieces.push(
    await elapsedMs(() => split.graph.run(feeds, { onPiece: (piece, ms) => pieces[piece]!.push(ms) })),
  );
  times.yielding.push(await elapsedMs(() => split.graph.run(feeds, { signal })));
}

const figure = (list: readonly number[]): string =>
  `${percentile(list, 0.5).toFixed(1)} ms (least ${Math.min(...list).toFixed(1)})`;
const ratio = (list: readonly number[]): string =>
  `÷ whole ${(percentile(list, 0.5) / percentile(times.whole, 0.5)).toFixed(3)}, of the least ${(Math.min(...list) / Math.min(...times.whole)).toFixed(3)}`;
console.log(`${path}: ${pieceCount} pieces${wholeBecause ? ` (${wholeBecause})` : ""}`);
console.log(`load: whole ${whole.loadMs.toFixed(0)} ms, in pieces ${split.loadMs.toFixed(0)} ms`);
console.log(`memory: whole ${wholeMegabytes.toFixed(0)} MB, in pieces ${splitMegabytes.toFixed(0)} MB`);
console.log(`whole: ${figure(times.whole)}`);
console.log(`in pieces, straight through: ${figure(times.pieces)}, ${ratio(times.pieces)}`);
console.log(`in pieces, with a signal: ${figure(times.yielding)}, ${ratio(times.yielding)}`);
console.log(`each piece: ${pieces.map((list) => percentile(list, 0.5).toFixed(1)).join(" · ")} ms`);
await whole.graph.release();
await split.graph.release();
