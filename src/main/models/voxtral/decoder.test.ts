/// <reference lib="esnext.float16" />
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openGraph } from "../onnx-session.ts";
import type { Graph } from "../onnx-session.ts";
import { Decoder } from "./decoder.ts";
import { KvCache } from "./kv-cache.ts";
import { elementTypes, onnxModel } from "./onnx-bytes.ts";
import type { GraphNode, ValueShape } from "./onnx-bytes.ts";

const HIDDEN = 4;
const VOCABULARY = 6;
/** Quarters and small whole numbers are exact in float16, so every variant must agree to the last bit. */
const weights = Float32Array.from({ length: HIDDEN * VOCABULARY }, (_, index) => ((index * 7) % 11) / 4 - 1);
const embedsOf = (id: number): Float32Array =>
  Float32Array.from({ length: HIDDEN }, (_, index) => ((id * 5 + index * 3) % 7) / 4 - 0.5);

interface Variant {
  readonly float: "float32" | "float16";
  readonly maskAndPositions: boolean;
  readonly keepsLast: boolean;
}

/**
 * The smallest decoder with a cache: scores of a position = (its embedding + the sum of all cached ones [+ mask length +
 * position]) × weights. Only what runs over the interface differs between variants.
 */
function tinyDecoder({ float, maskAndPositions, keepsLast }: Variant): Uint8Array {
  const cache = (name: string, length: string): ValueShape => ({
    name,
    type: float,
    dims: [1, 1, length, HIDDEN],
  });
  const cast = (input: string, output: string, to: keyof typeof elementTypes): GraphNode => {
    return { op: "Cast", inputs: [input], outputs: [output], attributes: { to: elementTypes[to] } };
  };
  const past = ["key", "value"].map((name) => cache(`past_key_values.0.${name}`, "past"));
  const nodes: GraphNode[] = [
    { op: "Unsqueeze", inputs: ["inputs_embeds", "one"], outputs: ["heads"] },
    ...["key", "value"].map((name) => ({
      op: "Concat",
      inputs: [`past_key_values.0.${name}`, "heads"],
      outputs: [`present.0.${name}`],
      attributes: { axis: 2 },
    })),
    cast("present.0.key", "keys", "float32"),
    { op: "ReduceSum", inputs: ["keys", "two"], outputs: ["sum"], attributes: { keepdims: 0 } },
    cast("inputs_embeds", "embeds", "float32"),
    { op: "Add", inputs: ["embeds", "sum"], outputs: ["state"] },
  ];
  let state = "state";
  if (maskAndPositions) {
    nodes.push(
      cast("attention_mask", "mask", "float32"),
      { op: "ReduceSum", inputs: ["mask", "one"], outputs: ["heard"], attributes: { keepdims: 1 } },
      cast("position_ids", "positions", "float32"),
      { op: "Unsqueeze", inputs: ["positions", "two"], outputs: ["columns"] },
      { op: "Add", inputs: ["state", "heard"], outputs: ["masked"] },
      { op: "Add", inputs: ["masked", "columns"], outputs: ["placed"] },
    );
    state = "placed";
  }
  if (keepsLast) {
    nodes.push(
      { op: "Neg", inputs: ["num_logits_to_keep"], outputs: ["from"] },
      { op: "Unsqueeze", inputs: ["from", "zero"], outputs: ["start"] },
      { op: "Slice", inputs: [state, "start", "far", "one"], outputs: ["last"] },
    );
    state = "last";
  }
  nodes.push(
    { op: "MatMul", inputs: [state, "weights"], outputs: ["scores"] },
    cast("scores", "logits", float),
  );
  const int64 = (name: string, dims: ValueShape["dims"]): ValueShape => ({ name, type: "int64", dims });
  const constant = (name: string, value: bigint) => ({ ...int64(name, [1]), data: BigInt64Array.of(value) });
  return onnxModel({
    inputs: [
      { name: "inputs_embeds", type: float, dims: [1, "new", HIDDEN] },
      ...(maskAndPositions ? [int64("attention_mask", [1, "all"]), int64("position_ids", [1, "new"])] : []),
      ...(keepsLast ? [int64("num_logits_to_keep", [])] : []),
      ...past,
    ],
    outputs: [
      { name: "logits", type: float, dims: [1, "kept", VOCABULARY] },
      ...["key", "value"].map((name) => cache(`present.0.${name}`, "all")),
    ],
    nodes,
    initializers: [
      { name: "weights", type: "float32", dims: [HIDDEN, VOCABULARY], data: weights },
      constant("zero", 0n),
      constant("one", 1n),
      constant("two", 2n),
      constant("far", 1_000_000n),
    ],
  });
}

/** What the graph should say after `ids`, computed here. */
function expectedLogits(ids: readonly number[], maskAndPositions: boolean): number[] {
  const state = Array.from(embedsOf(ids.at(-1)!));
  for (const id of ids) for (const [index, value] of embedsOf(id).entries()) state[index]! += value;
  const extra = maskAndPositions ? ids.length + ids.length - 1 : 0;
  return Array.from({ length: VOCABULARY }, (_, column) =>
    state.reduce((sum, value, row) => sum + (value + extra) * weights[row * VOCABULARY + column]!, 0),
  );
}

const variants = (["float32", "float16"] as const).flatMap((float) =>
  [false, true].flatMap((maskAndPositions) =>
    [false, true].map((keepsLast): Variant => ({ float, maskAndPositions, keepsLast })),
  ),
);

describe.each(variants)(
  "a decoder with $float, mask and positions $maskAndPositions, keeping the last $keepsLast",
  (variant) => {
    let dir: string;
    let graph: Graph;
    let decoder: Decoder;
    beforeAll(async () => {
      dir = mkdtempSync(join(tmpdir(), "parley-decoder-"));
      writeFileSync(join(dir, "decoder.onnx"), tinyDecoder(variant));
      graph = await openGraph(join(dir, "decoder.onnx"), { provider: "cpu", threads: 1 });
      decoder = new Decoder(graph, 64);
    });
    afterAll(async () => {
      await graph.release();
      rmSync(dir, { recursive: true, force: true });
    });

    const run = async (cache: KvCache, ids: readonly number[]) => {
      const embeds = Float32Array.from(ids.flatMap((id) => [...embedsOf(id)]));
      return Array.from((await decoder.run(cache, ids, embeds, true)).logits!);
    };
    const expected = (ids: readonly number[]) => expectedLogits(ids, variant.maskAndPositions);

    test("R45 is fed what it has, and scores come from the last position", async () => {
      expect(decoder.layout).toMatchObject({ heads: 1, headSize: HIDDEN, type: variant.float });
      const cache = new KvCache(decoder.layout);
      expect(await run(cache, [1, 2, 3, 4, 5])).toEqual(expected([1, 2, 3, 4, 5]));
      expect(await run(cache, [6])).toEqual(expected([1, 2, 3, 4, 5, 6]));
      expect(cache.tokens).toEqual([1, 2, 3, 4, 5, 6]);
    });

    test("R45 a prompt whose last position runs alone gives the same", async () => {
      decoder.stepMs = -1;
      const cache = new KvCache(decoder.layout);
      expect(await run(cache, [1, 2, 3, 4, 5])).toEqual(expected([1, 2, 3, 4, 5]));
      expect(cache.length).toBe(5);
      decoder.stepMs = Number.POSITIVE_INFINITY;
    });

    test("R41 shortened to any length the cache goes on as a fresh one", async () => {
      const cache = new KvCache(decoder.layout);
      await run(cache, [1, 2, 3, 4, 5]);
      for (const length of [4, 3, 1, 0]) {
        await cache.truncate(length);
        const kept = [1, 2, 3, 4, 5].slice(0, length);
        expect(cache.tokens).toEqual(kept);
        expect(cache.commonPrefix([1, 2, 3, 9])).toBe(Math.min(length, 3));
        expect(await run(cache, [7, 8])).toEqual(expected([...kept, 7, 8]));
        await cache.truncate(length);
      }
    });

    test("R64 more positions than the context has are refused", async () => {
      const ids = Array.from({ length: 65 }, () => 1);
      await expect(run(new KvCache(decoder.layout), ids)).rejects.toMatchObject({ code: "context-full" });
    });
  },
);
