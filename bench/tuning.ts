/**
 * What each change to the decoder's graph brings on the CPU (docs/decisions/0013): one process a variant, each with the changes
 * of those before it. Prefill, greedy steps behind it and memory for each length of prompt, and which ids were chosen.
 *
 *     npm run synthetic -- --scale 300m --out DIR
 *     npm run bench:tuning -- --model-dir DIR/voxtral [--positions 400,1500,3000] [--steps 24] [--json]
 */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { parseArgs, promisify } from "node:util";
import { z } from "zod";
import { findGraph } from "../src/main/models/model-folder.ts";
import { readModel } from "../src/main/models/onnx-model.ts";
import { openGraph } from "../src/main/models/onnx-session.ts";
import { withLastLogits } from "../src/main/models/tuning/last-logits.ts";
import { withNewRows } from "../src/main/models/tuning/new-rows.ts";
import { withStepAttention } from "../src/main/models/tuning/step-attention.ts";
import { modelBytes, withIntegerActivations } from "../src/main/models/tuning/tuned-decoder.ts";
import { Decoder } from "../src/main/models/voxtral/decoder.ts";
import { KvCache } from "../src/main/models/voxtral/kv-cache.ts";
import { percentile } from "../src/shared/metrics.ts";

const changes = [withNewRows, withLastLogits, withIntegerActivations, withStepAttention] as const;
const variants = [
  "as published",
  "+ new rows",
  "+ last logits",
  "+ integer activations",
  "+ steps' attention",
] as const;

/** Of the first scores, as many are compared. */
const SCORES = 1000;

const measurementSchema = z.object({
  variant: z.string(),
  loadMs: z.number(),
  /** Of the process, with the model loaded and the longest prompt behind it. */
  peakMegabytes: z.number(),
  lengths: z.array(
    z.object({
      positions: z.number(),
      prefillMs: z.number(),
      stepMs: z.number(),
      ids: z.array(z.number()),
      /** After the prompt, of ids that are not silent. */
      scores: z.array(z.number()),
    }),
  ),
});
type Measurement = z.infer<typeof measurementSchema>;

const { values } = parseArgs({
  options: {
    "model-dir": { type: "string" },
    positions: { type: "string", default: "400,1500,3000" },
    steps: { type: "string", default: "24" },
    variant: { type: "string" },
    json: { type: "boolean", default: false },
  },
});
if (values["model-dir"] === undefined) throw new Error("--model-dir names a Voxtral folder.");
const path = findGraph(values["model-dir"], "decoder_model_merged", { provider: "cpu" }).path;
const lengths = values.positions.split(",").map(Number);
const steps = Number(values.steps);

if (values.variant === undefined) await compare();
else console.log(JSON.stringify(await measure(Number(values.variant))));

/** Opens the decoder with the first `count` changes and runs every length on an empty cache. */
async function measure(count: number): Promise<Measurement> {
  let model = readModel(readFileSync(path));
  for (const change of changes.slice(0, count)) {
    const changed = change(model);
    if (changed === model) throw new Error(`${path} cannot be tuned: ${variants[count]}.`);
    model = changed;
  }
  const modelFor = async (): Promise<Uint8Array> => modelBytes(model);
  const graph = await openGraph(path, { provider: "cpu", threads: 0, ...(count > 0 ? { modelFor } : {}) });
  const decoder = new Decoder(graph, Math.max(...lengths) + steps + 1, {
    tuned: { givesNewRows: count >= 1, givesLastLogits: count >= 2 },
  });
  const measured: Measurement["lengths"] = [];
  for (const positions of lengths) {
    const cache = new KvCache(decoder.layout);
    const prompt = Array.from({ length: positions }, (_, index) => (index * 7919) % 1000);
    const first = await decoder.run(cache, prompt, embedsOf(prompt, decoder.hiddenSize), true);
    const ids = [greedy(first.logits!)];
    const scores = [...first.logits!.filter(Boolean).subarray(0, SCORES)];
    const times: number[] = [];
    for (let step = 0; step < steps; step++) {
      const before = performance.now();
      const input = [ids.at(-1)!];
      const { logits } = await decoder.run(cache, input, embedsOf(input, decoder.hiddenSize), true);
      times.push(performance.now() - before);
      ids.push(greedy(logits!));
    }
    const prefillMs = first.endMs - first.startMs;
    measured.push({ positions, prefillMs, stepMs: percentile(times, 0.5), ids, scores });
  }
  const { loadMs } = graph;
  await graph.release();
  const peakMegabytes = process.resourceUsage().maxRSS / 1024;
  return { variant: variants[count]!, loadMs, peakMegabytes, lengths: measured };
}

/** One process after the other, so that memory and the allocator's state are each variant's own. */
async function compare(): Promise<void> {
  const run = promisify(execFile);
  const results: Measurement[] = [];
  for (const index of variants.keys()) {
    const args = [...process.argv.slice(1).filter((arg) => arg !== "--json"), "--variant", String(index)];
    const { stdout } = await run(process.execPath, args, { env: process.env });
    results.push(measurementSchema.parse(JSON.parse(stdout)));
  }
  if (values.json) {
    console.log(JSON.stringify({ path, cores: availableParallelism(), results }));
    return;
  }
  const row = (cells: readonly string[]): void => console.log(`| ${cells.join(" | ")} |`);
  row([
    "graph",
    "load ms",
    "peak MB",
    ...lengths.map((length) => `prefill ${length}, ms`),
    ...lengths.map((length) => `step behind ${length}, ms`),
    "same ids",
    "scores differ by",
  ]);
  row(Array.from({ length: 5 + 2 * lengths.length }, () => "---"));
  for (const result of results) {
    row([
      result.variant,
      result.loadMs.toFixed(0),
      result.peakMegabytes.toFixed(0),
      ...result.lengths.map(({ prefillMs }) => prefillMs.toFixed(0)),
      ...result.lengths.map(({ stepMs }) => stepMs.toFixed(1)),
      sameIds(result, results[0]!),
      difference(result, results[0]!),
    ]);
  }
}

/** How many ids from the beginning of each reply are those of `expected`. */
function sameIds(result: Measurement, expected: Measurement): string {
  return result.lengths
    .map(({ ids }, index) => {
      const others = expected.lengths[index]!.ids;
      const differs = ids.findIndex((id, at) => id !== others[at]);
      return `${differs < 0 ? ids.length : differs}/${ids.length}`;
    })
    .join(" · ");
}

/** Root mean square of what the first scores differ by, as a share of their own. */
function difference(result: Measurement, expected: Measurement): string {
  const norm = (numbers: readonly number[]): number => Math.hypot(...numbers);
  return result.lengths
    .map(({ scores }, index) => {
      const others = expected.lengths[index]!.scores;
      const share = norm(scores.map((score, at) => score - others[at]!)) / norm(others);
      return share === 0 ? "0" : share.toExponential(1);
    })
    .join(" · ");
}

/** Embeddings as different from one id to another as a table's. */
function embedsOf(ids: readonly number[], hiddenSize: number): Float32Array {
  return Float32Array.from({ length: ids.length * hiddenSize }, (_, index) =>
    Math.sin(ids[Math.floor(index / hiddenSize)]! * 1.7 + (index % hiddenSize) * 0.31),
  );
}

/** Synthetic models give exactly 0 to every id that must not be said: those are no choice. */
function greedy(scores: Float32Array): number {
  let best = -1;
  for (const [id, score] of scores.entries()) {
    if (score !== 0 && (best < 0 || score > scores[best]!)) best = id;
  }
  if (best < 0) throw new Error("Every score is 0.");
  return best;
}
