import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readModel, withInputs, withOutputs } from "../../src/main/models/onnx-model.ts";
import type { ModelNode, OnnxModel } from "../../src/main/models/onnx-model.ts";
import { openGraph, type Graph } from "../../src/main/models/onnx-session.ts";
import { integers } from "../../src/main/models/tuning/constants.ts";
import { plainNode, withAttribute } from "../../src/main/models/tuning/nodes.ts";
import { withLastLogits } from "../../src/main/models/tuning/last-logits.ts";
import { withNewRows } from "../../src/main/models/tuning/new-rows.ts";
import { withStepAttention } from "../../src/main/models/tuning/step-attention.ts";
import {
  modelBytes,
  tunedDecoder,
  type TunedDecoder,
  type Tuning,
} from "../../src/main/models/tuning/tuned-decoder.ts";
import { Decoder } from "../../src/main/models/voxtral/decoder.ts";
import { KvCache } from "../../src/main/models/voxtral/kv-cache.ts";
import { openDecoder } from "../../src/main/models/voxtral/open-decoder.ts";
import { scales } from "../../tools/synthetic/scales.ts";
import { writeModels } from "../../tools/synthetic/write-models.ts";
import { eventsIn, runCli } from "../cli/run-cli.ts";

const pack = fileURLToPath(new URL("../../resources/models/nano/", import.meta.url));
const models = { voxtral: scales.ci, dtypes: ["q4", "q4f16"] as const, width: 1 / 16, seed: "tests" };
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), "parley-synthetic-"));
  writeModels(path.join(folder, "one"), models);
});
afterAll(() => rmSync(folder, { recursive: true }));

const graphFile = (name: string): string => path.join(folder, "one", "voxtral", "onnx", name);
const options = { provider: "cpu", threads: 1 } as const;

describe("R45 synthetic models", () => {
  test.each([
    ["voxtral/onnx/audio_encoder", "_q4"],
    ["voxtral/onnx/embed_tokens", "_q4"],
    ["voxtral/onnx/decoder_model_merged", "_q4"],
    ["kokoro/onnx/model", ""],
  ])("%s takes and gives what the demo pack's does", async (name, suffix) => {
    const own = await openGraph(path.join(folder, "one", `${name}${suffix}.onnx`), options);
    const demo = await openGraph(path.join(pack, `${name}.onnx`), options);
    const facts = (graph: Graph) =>
      [...graph.inputs.values(), ...graph.outputs.values()]
        // The demo's decoder has more layers.
        .filter((info) => !/\.(\d+)\./u.test(info.name) || Number(/\.(\d+)\./u.exec(info.name)![1]) < 2)
        .map((info) => ({ name: info.name, type: info.type, rank: info.shape.length }))
        .toSorted((a, b) => a.name.localeCompare(b.name));
    expect(facts(own)).toEqual(facts(demo));
    await Promise.all([own.release(), demo.release()]);
  });

  test.each(["audio_encoder", "decoder_model_merged"])(
    "%s in half precision has the same ends, but for the caches",
    async (stem) => {
      const [whole, half] = await Promise.all(
        ["q4", "q4f16"].map((dtype) => openGraph(graphFile(`${stem}_${dtype}.onnx`), options)),
      );
      const facts = (graph: Graph, caches: string) =>
        [...graph.inputs.values(), ...graph.outputs.values()].map(({ name, type, shape }) => {
          expect(type, name).toBe(/^(past|present)/.test(name) ? caches : type);
          return { name, shape };
        });
      expect(facts(half!, "float16")).toEqual(facts(whole!, "float32"));
      expect(half!.outputs.get("logits")?.type).toBe(whole!.outputs.get("logits")?.type);
      await Promise.all([whole!.release(), half!.release()]);
    },
  );

  test("the same seed gives the same bytes, another seed others", () => {
    writeModels(path.join(folder, "two"), models);
    writeModels(path.join(folder, "three"), { ...models, seed: "other" });
    const hashes = (name: string): string[] =>
      readdirSync(path.join(folder, name), { recursive: true, encoding: "utf8" })
        .filter((file) => statSync(path.join(folder, name, file)).isFile())
        .toSorted()
        .map((file) =>
          createHash("sha256")
            .update(readFileSync(path.join(folder, name, file)))
            .digest("hex"),
        );
    expect(hashes("two")).toEqual(hashes("one"));
    expect(hashes("three")).not.toEqual(hashes("one"));
  });

  test.each(["q4", "q4f16"] as const)(
    "the whole pipeline answers with %s, the same words each time",
    async (dtype) => {
      // A folder as a person has it, with one precision.
      const model = path.join(folder, dtype);
      writeModels(model, { ...models, dtypes: [dtype] });
      const ask = async () => {
        const question = path.join(pack, "../../../samples/capital-of-france.wav");
        const { exitCode, stdout, stderr } = await runCli(
          "ask",
          question,
          "--model",
          model,
          "--sampling",
          "greedy",
          "--json",
        );
        expect(exitCode, stderr).toBe(0);
        return eventsIn(stdout).find((event) => event.type === "turn-finished");
      };
      const [first, second] = [await ask(), await ask()];
      expect(first?.metrics.tokens).toBeGreaterThan(10);
      expect(first?.metrics.audioSeconds).toBeGreaterThan(1);
      expect(second?.reply).toBe(first?.reply);
    },
    120_000,
  );
});

describe.each(["q4", "q4f16"])("R45 a tuned decoder, %s", (dtype) => {
  const file = (): string => graphFile(`decoder_model_merged_${dtype}.onnx`);
  const { hiddenSize } = scales.ci;
  /** Embeddings of token-like numbers. */
  const embedsOf = (ids: readonly number[]): Float32Array =>
    Float32Array.from({ length: ids.length * hiddenSize }, (_, index) =>
      Math.sin(ids[Math.floor(index / hiddenSize)]! * 1.7 + (index % hiddenSize) * 0.31),
    );

  /** Everything a conversation does to a cache; the scores it gives on the way. */
  async function conversation(decoder: Decoder): Promise<Float32Array[]> {
    const cache = new KvCache(decoder.layout);
    const scores: Float32Array[] = [];
    const run = async (ids: readonly number[]): Promise<void> => {
      const { logits } = await decoder.run(cache, ids, embedsOf(ids), true);
      scores.push(logits!.slice());
    };
    const range = (from: number, count: number): number[] =>
      Array.from({ length: count }, (_, i) => from + i);
    await run(range(0, 90));
    for (let step = 0; step < 80; step++) await run([500 + step]);
    await cache.truncate(40);
    await run(range(300, 7));
    await cache.truncate(46);
    for (let step = 0; step < 5; step++) await run([700 + step]);
    await run(range(800, 150));
    await cache.truncate(0);
    await run([1, 2, 3]);
    cache.clear();
    await run(range(10, 65));
    await run([4]);
    return scores;
  }

  const opened = async (
    model: OnnxModel,
    tuned: Tuning,
  ): Promise<{ graph: Graph; scores: Float32Array[] }> => {
    const graph = await openGraph(file(), { ...options, modelFor: async () => modelBytes(model) });
    return { graph, scores: await conversation(new Decoder(graph, 1024, { tuned })) };
  };
  const original = (): OnnxModel => readModel(readFileSync(file()));
  const chosen = (scores: Float32Array): number => scores.indexOf(Math.max(...scores));

  test("whose caches hand back only new rows gives exactly the scores of the file as it is", async () => {
    const plain = await openGraph(file(), options);
    const expected = await conversation(new Decoder(plain, 1024));
    const tuned = await opened(withNewRows(original()), { givesLastLogits: false, givesNewRows: true });
    expect(tuned.graph.outputs.get("logits")?.shape[1]).toBe("sequence_length");
    expect(tuned.scores).toEqual(expected);
    await Promise.all([plain.release(), tuned.graph.release()]);
  });

  test("with the last logits alone chooses the same words: a single row is summed in another order", async () => {
    const plain = await openGraph(file(), options);
    const expected = await conversation(new Decoder(plain, 1024));
    const both = { givesLastLogits: true, givesNewRows: true };
    const tuned = await opened(withNewRows(withLastLogits(original())), both);
    expect(tuned.scores.map(chosen)).toEqual(expected.map(chosen));
    // Half precision has ten bits behind the first: its scores are rounded to those.
    const tolerance = dtype === "q4" ? 1e-4 : 2 ** -9 * Math.max(...expected[0]!.map(Math.abs));
    for (const [run, scores] of tuned.scores.entries()) {
      for (const [id, score] of scores.entries())
        expect(Math.abs(score - expected[run]![id]!)).toBeLessThan(tolerance);
    }
    await Promise.all([plain.release(), tuned.graph.release()]);
  });

  const inFloat32 = dtype === "q4" ? test : undefined;
  inFloat32?.(
    "whose steps attend by products chooses the same words: the same sums in another order",
    async () => {
      const plain = await openGraph(file(), options);
      const expected = await conversation(new Decoder(plain, 1024));
      const model = withStepAttention(withNewRows(original()));
      const branches = model.nodes.filter(({ op }) => op === "If");
      expect(branches).toHaveLength(scales.ci.layers);
      expect(model.nodes.filter(({ op }) => op === "GroupQueryAttention")).toEqual([]);
      const tuned = await opened(model, { givesLastLogits: false, givesNewRows: true });
      expect(tuned.scores.map(chosen)).toEqual(expected.map(chosen));
      for (const [run, scores] of tuned.scores.entries()) {
        for (const [id, score] of scores.entries())
          expect(Math.abs(score - expected[run]![id]!)).toBeLessThan(1e-4);
      }
      // A prompt at the beginning is no step: the operator's own scores, to the last bit.
      expect(tuned.scores[0]).toEqual(expected[0]);
      await Promise.all([plain.release(), tuned.graph.release()]);
    },
  );

  test("keeps the attention operator where products would not do the same", () => {
    const lean = withNewRows(original());
    expect(withStepAttention(original()).nodes.some(({ op }) => op === "If")).toBe(false);
    // Casts of whole caches would cost more than they save.
    if (dtype === "q4f16") expect(withStepAttention(lean)).toBe(lean);
    for (const [name, value] of [
      ["do_rotary", 1],
      ["softcap", { float: 30 }],
      ["local_window_size", 4096],
      ["smooth_softmax", 1],
    ] as const) {
      const nodes = lean.nodes.map((node) =>
        node.op === "GroupQueryAttention" ? { ...node, bytes: withAttribute(node.bytes, name, value) } : node,
      );
      const other = { ...lean, nodes };
      expect(withStepAttention(other), name).toBe(other);
    }
  });

  /** The tuned decoder, which is expected to be one. */
  const tunedFile = (): TunedDecoder => {
    const tuned = tunedDecoder(file(), "cpu");
    if ("asItIsBecause" in tuned) throw new Error(tuned.asItIsBecause);
    return tuned;
  };

  test("says what it changed, keeps its file, and leaves alone what it does not know", () => {
    const before = readFileSync(file());
    const tuned = tunedFile();
    const changes = ["integer activations", "last logits", "new rows"];
    expect(tuned.changes).toEqual(dtype === "q4" ? [...changes, "steps' attention"] : changes);
    expect(tuned).toMatchObject({ givesLastLogits: true, givesNewRows: true });
    // A cache stays on the device with WebGPU alone.
    expect(tunedDecoder(file(), "webgpu")).toMatchObject({ changes: ["last logits"], givesNewRows: false });
    expect(tunedDecoder(file(), "cuda")).toMatchObject({ changes: ["last logits", "new rows"] });
    const products = readModel(tuned.bytes).nodes.filter(({ op }) => op === "MatMulNBits");
    expect(products.length).toBe(15);
    for (const { bytes } of products) expect(Buffer.from(bytes).includes("accuracy_level")).toBe(true);
    expect(readFileSync(file()).equals(before)).toBe(true);
    const reasonFor = (name: string): unknown => tunedDecoder(name, "cpu");
    const demo = path.join(pack, "voxtral/onnx/decoder_model_merged.onnx");
    expect(reasonFor(demo)).toEqual({ asItIsBecause: "Its weights are in the graph's own file." });
    const unreadable = { asItIsBecause: expect.stringContaining("Its graph could not be read: ") as string };
    expect(reasonFor(path.join(pack, "voxtral/config.json"))).toEqual(unreadable);
    expect(reasonFor(path.join(folder, "nothing.onnx"))).toEqual(unreadable);
  });

  test("that the runtime refuses runs as it is, and says why", async () => {
    // A tensor of this graph has the name of one that tuning adds.
    const name = path.join(folder, "one", "voxtral", "onnx", `refused_${dtype}.onnx`);
    const taken = new Map([[original().nodes.at(-1)!.inputs[0]!, "parley.total"]]);
    const renamed = (node: ModelNode): ModelNode => {
      const bytes = withInputs({ ...node, bytes: withOutputs(node, taken) }, taken);
      return { ...node, bytes };
    };
    writeFileSync(name, modelBytes({ ...original(), nodes: original().nodes.map(renamed) }));
    const decoder = await openDecoder(name, options);
    expect(decoder.tuning).toEqual({
      changes: [],
      asItIsBecause: expect.stringContaining("The tuned graph does not run here: ") as string,
    });
    const plain = await openGraph(file(), options);
    expect(await conversation(new Decoder(decoder.graph, 1024))).toEqual(
      await conversation(new Decoder(plain, 1024)),
    );
    await Promise.all([decoder.graph.release(), plain.release()]);
  });

  test("whose steps give other scores than its prompts runs as it is, and says why", async () => {
    // Every position is multiplied by how many come with it: nothing that caches could be right about.
    const name = path.join(folder, "one", "voxtral", "onnx", `torn_${dtype}.onnx`);
    const { nodes, initializers, ...rest } = original();
    const torn = new Map([["inputs_embeds", "torn"]]);
    const tearing = [
      plainNode("Shape", ["inputs_embeds"], "torn_shape"),
      plainNode("Gather", ["torn_shape", "torn_axis"], "torn_count"),
      plainNode("Cast", ["torn_count"], "torn_factor", { attributes: { to: 1 } }),
      plainNode("Mul", ["inputs_embeds", "torn_factor"], "torn"),
    ];
    const others = nodes.map((node) => Object.assign({}, node, { bytes: withInputs(node, torn) }));
    const more = new Map(initializers).set("torn_axis", integers("torn_axis", 1));
    writeFileSync(name, modelBytes({ ...rest, nodes: [...tearing, ...others], initializers: more }));
    const decoder = await openDecoder(name, options);
    expect(decoder.tuning.changes).toEqual([]);
    expect(decoder.tuning.asItIsBecause).toMatch("a step does not give the scores of a prompt.");
    await decoder.graph.release();
  });

  test("integer activations change the scores by little", async () => {
    const plain = await openGraph(file(), options);
    const { bytes } = tunedFile();
    const tuned = await openGraph(file(), { ...options, modelFor: async () => bytes });
    const [expected] = await conversation(new Decoder(plain, 1024));
    const tuning = { givesLastLogits: true, givesNewRows: true };
    const [scores] = await conversation(new Decoder(tuned, 1024, { tuned: tuning }));
    const norm = (values: Float32Array): number => Math.hypot(...values);
    const difference = scores!.map((score, id) => score - expected![id]!);
    expect(norm(difference) / norm(expected!)).toBeLessThan(0.05);
    expect(norm(difference)).toBeGreaterThan(0);
    await Promise.all([plain.release(), tuned.release()]);
  });
});
