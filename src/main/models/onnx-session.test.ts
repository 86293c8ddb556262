/// <reference lib="esnext.float16" />
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Tensor } from "onnxruntime-node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { graphBytes } from "./graph-size.ts";
import { defaultThreads, openGraph } from "./onnx-session.ts";
import { onnxModel } from "./voxtral/onnx-bytes.ts";

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "parley-graph-"));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function doubling(type: "float32" | "float16"): string {
  const path = join(dir, `${type}.onnx`);
  const model = onnxModel({
    inputs: [{ name: "x", type, dims: ["n"] }],
    outputs: [{ name: "y", type, dims: ["n"] }],
    nodes: [{ op: "Add", inputs: ["x", "x"], outputs: ["y"] }],
  });
  writeFileSync(path, model);
  return path;
}

const cpu = { provider: "cpu", threads: 1 } as const;

test("R21 a graph runs, says on what, and how long it took", async () => {
  const graph = await openGraph(doubling("float32"), cpu);
  expect(graph.provider).toBe("cpu");
  expect(graph.inputs.get("x")).toEqual({ name: "x", type: "float32", shape: ["n"] });
  const { outputs, sessionMs, startMs, endMs } = await graph.run({ x: new Tensor("float32", [1, 2], [2]) }, [
    "y",
  ]);
  expect(outputs["y"]!.data).toEqual(Float32Array.of(2, 4));
  expect(sessionMs).toBe(endMs - startMs);
  await graph.release();
  await graph.release();
});

test("R21 half-precision tensors can be fed on the CPU, also those that a run returned", async () => {
  const graph = await openGraph(doubling("float16"), cpu);
  const bits = new Uint16Array(Float16Array.of(9, 1, 2.5).buffer).subarray(1);
  const once = await graph.run({ x: new Tensor("float16", bits, [2]) });
  const twice = await graph.run({ x: once.outputs["y"]! });
  expect(twice.outputs["y"]!.data).toEqual(Float16Array.of(4, 10));
  await graph.release();
});

test("R21 a provider that is not there is refused with its reason", async () => {
  const path = doubling("float32");
  // None of the platforms Parley runs on has both.
  const missing = process.platform === "win32" ? "coreml" : "dml";
  await expect(openGraph(path, { provider: missing, threads: 0 })).rejects.toMatchObject({
    code: "provider-unavailable",
    message: expect.stringContaining(missing),
  });
});

test("R62 a missing and a damaged file are told apart, by name", async () => {
  const absent = join(dir, "absent.onnx");
  await expect(openGraph(absent, cpu)).rejects.toMatchObject({
    code: "model-missing",
    details: { path: absent },
  });
  const damaged = join(dir, "damaged.onnx");
  writeFileSync(damaged, "not a model");
  await expect(openGraph(damaged, cpu)).rejects.toMatchObject({
    code: "model-corrupt",
    message: expect.stringContaining(damaged),
  });
});

test("R20 the size of a graph includes its weights beside it", () => {
  writeFileSync(join(dir, "a.onnx"), "12345");
  writeFileSync(join(dir, "a.onnx_data"), "1234567890");
  writeFileSync(join(dir, "a.onnx_data_1"), "123");
  expect(graphBytes(join(dir, "a.onnx"))).toBe(18);
  expect(graphBytes(join(dir, "b.onnx"))).toBe(0);
});

test.each([
  [1, 1],
  [2, 2],
  [4, 2],
  [8, 4],
  [64, 4],
])("R44 %i logical cores give %i threads", (cores, threads) => {
  expect(defaultThreads(cores)).toBe(threads);
});
