import { fork } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Tensor } from "onnxruntime-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { residualNetwork, writeWithExternalWeights } from "../../../tests/support/onnx-files.ts";
import { nanoDir } from "../../../tests/support/voxtral-golden.ts";
import { openGraph } from "./onnx-session.ts";
import type { TensorInfo } from "./onnx-session.ts";
import { openSplitGraph } from "./split-graph.ts";

const cpu = { provider: "cpu", threads: 2 } as const;
const MEL: TensorInfo = { name: "audio_values", type: "float32", shape: [1, 128, 3000] };
const encoderPath = (suffix: string): string => join(nanoDir, `onnx/audio_encoder${suffix}.onnx`);

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "parley-pieces-"));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** Something like a spectrogram, another one for each `seed`. */
function wave({ type, shape }: TensorInfo, seed: number): Tensor {
  const dims = shape.map(Number);
  const length = dims.reduce((total, dim) => total * dim, 1);
  const data = Float32Array.from({ length }, (_, i) => Math.sin(i * 0.37 + seed) * 0.6 - 0.5);
  return new Tensor(type as "float32", data, dims);
}

/** Runs the file in pieces and whole, twice with different inputs; returns the largest relative difference. */
async function difference(path: string, input: TensorInfo, pieceProducts?: number) {
  const whole = await openGraph(path, cpu);
  const split = await openSplitGraph(path, cpu, [input], pieceProducts);
  let largest = 0;
  const order: number[] = [];
  for (const seed of [1, 2]) {
    const feeds = { [input.name]: wave(input, seed) };
    const expected = await whole.run(feeds);
    const { outputs } = await split.run(feeds, { onPiece: (piece) => order.push(piece) });
    const [name] = whole.outputs.keys();
    const want = expected.outputs[name!]!;
    const got = outputs[name!]!;
    expect(got.dims).toEqual(want.dims);
    expect(got.type).toBe(want.type);
    const wanted = want.data as Float32Array;
    const scale = Math.max(...wanted.map(Math.abs));
    expect(scale).toBeGreaterThan(0);
    (got.data as Float32Array).forEach((value, i) => {
      largest = Math.max(largest, Math.abs(value - wanted[i]!) / scale);
    });
  }
  await whole.release();
  await split.release();
  await split.release();
  const { pieceCount, wholeBecause } = split;
  expect(order).toEqual([...Array(pieceCount).keys(), ...Array(pieceCount).keys()]);
  return { largest, pieceCount, wholeBecause };
}

describe("R42 a graph in pieces computes what the whole graph does", () => {
  test.each([
    ["fp32", ""],
    ["q8", "_quantized"],
  ])("the demo encoder in %s, as it is opened and cut as finely as can be", async (_, suffix) => {
    const usual = await difference(encoderPath(suffix), MEL);
    expect(usual.pieceCount).toBeGreaterThan(4);
    expect(usual.largest).toBeLessThan(1e-6);
    const finest = await difference(encoderPath(suffix), MEL, 1);
    expect(finest.pieceCount).toBe(12);
    expect(finest.largest).toBeLessThan(1e-6);
  });

  test("with weights in files beside it", async () => {
    const path = join(dir, "audio_encoder.onnx");
    writeWithExternalWeights(encoderPath(""), path);
    const { largest, pieceCount } = await difference(path, MEL);
    expect(pieceCount).toBeGreaterThan(4);
    expect(largest).toBeLessThan(1e-6);
  });

  test.each([
    ["fp32", { type: "float32" }],
    ["fp16", { type: "float16" }],
    ["q4", { type: "float32", isQ4: true }],
    ["q4f16", { type: "float16", isQ4: true }],
    ["fp32 with fused residual additions", { type: "float32", isFused: true }],
    ["q4f16 with fused residual additions", { type: "float16", isQ4: true, isFused: true }],
  ] as const)("%s, every layer a piece", async (name, kind) => {
    const path = join(dir, `${name}.onnx`);
    const shape = [40, 64];
    writeFileSync(path, residualNetwork({ ...kind, rows: 40, width: 64, layers: 5 }));
    const { largest, pieceCount } = await difference(path, { name: "x", type: "float32", shape }, 1);
    expect(pieceCount).toBe(5);
    // Between pieces a half is rounded where the whole graph, computed in floats on a CPU, may not round.
    expect(largest).toBeLessThan(kind.type === "float32" ? 1e-6 : 4e-3);
  });
});

describe("R42 a graph stays whole", () => {
  const x: TensorInfo = { name: "x", type: "float32", shape: [4, 64] };

  test("when it is small, when it cannot be cut, and says why", async () => {
    const path = join(dir, "small.onnx");
    writeFileSync(path, residualNetwork({ type: "float32", rows: 4, width: 64, layers: 3 }));
    expect(await difference(path, x)).toEqual({
      largest: 0,
      pieceCount: 1,
      wholeBecause: expect.stringContaining("small"),
    });
    const single = join(dir, "single.onnx");
    writeFileSync(single, residualNetwork({ type: "float32", rows: 4, width: 64, layers: 1 }));
    expect(await difference(single, x, 1)).toMatchObject({ largest: 0, pieceCount: 1 });
  });

  test("and a damaged or missing file is reported as ever", async () => {
    const damaged = join(dir, "damaged.onnx");
    writeFileSync(damaged, "not a model");
    await expect(openSplitGraph(damaged, cpu, [x])).rejects.toMatchObject({ code: "model-corrupt" });
    await expect(openSplitGraph(join(dir, "absent.onnx"), cpu, [x])).rejects.toMatchObject({
      code: "model-missing",
    });
    const bare = join(dir, "bare.onnx");
    writeWithExternalWeights(encoderPath(""), bare);
    rmSync(`${bare}_data_1`);
    await expect(openSplitGraph(bare, cpu, [MEL])).rejects.toMatchObject({ code: "model-missing" });
  });
});

describe("R42 a run can be abandoned", () => {
  const x: TensorInfo = { name: "x", type: "float32", shape: [40, 64] };

  test("between two pieces; the next run is not touched by what the abandoned one left", async () => {
    const path = join(dir, "abandoned.onnx");
    writeFileSync(path, residualNetwork({ type: "float32", rows: 40, width: 64, layers: 6 }));
    const graph = await openSplitGraph(path, cpu, [x], 1);
    const expected = (await graph.run({ x: wave(x, 1) })).outputs["y"]!.data;
    const abort = new AbortController();
    const ran: number[] = [];
    const onPiece = (piece: number): void => {
      ran.push(piece);
      // Arrives as a message would: on the event loop, while the second piece is computed.
      if (piece === 1) setImmediate(() => abort.abort());
    };
    const run = graph.run({ x: wave(x, 2) }, { signal: abort.signal, onPiece });
    await expect(run).rejects.toMatchObject({ code: "cancelled" });
    expect(ran).toEqual([0, 1]);
    const signal = AbortSignal.abort();
    await expect(graph.run({ x: wave(x, 2) }, { signal, onPiece })).rejects.toMatchObject({
      code: "cancelled",
    });
    expect(ran).toEqual([0, 1]);
    expect((await graph.run({ x: wave(x, 1) })).outputs["y"]!.data).toEqual(expected);
    await graph.release();
  });

  test("by a message to its process that arrives while a piece is computed: no further piece runs", async () => {
    const path = join(dir, "forked.onnx");
    writeFileSync(path, residualNetwork({ type: "float32", rows: 40, width: 64, layers: 6 }));
    const child = fork(
      join(import.meta.dirname, "../../../tests/support/piece-process.ts"),
      [path, "40", "64"],
      { stdio: ["pipe", "inherit", "inherit", "ipc"] },
    );
    const messages: unknown[] = [];
    const closed = Promise.withResolvers<void>();
    child.on("message", (message) => {
      if (messages.push(message) > 1) return;
      // Only once the message is in the channel may the child go on.
      child.send("cancel", () => child.stdin!.end("\n"));
    });
    child.on("close", () => closed.resolve());
    await closed.promise;
    expect(messages).toEqual([{ waiting: true }, { pieces: 1, code: "cancelled", pieceCount: 6 }]);
  });
});
