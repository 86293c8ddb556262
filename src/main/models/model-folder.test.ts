import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findGraph, readModelConfig, readModelJson } from "./model-folder.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "parley-model-"));
  mkdirSync(join(dir, "onnx"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function withGraphs(...files: string[]): void {
  for (const file of files) writeFileSync(join(dir, "onnx", file), "");
}

test("R21 the precision follows the provider when none is asked for", () => {
  withGraphs("decoder_q4.onnx", "decoder_q4f16.onnx");
  expect(findGraph(dir, "decoder", { provider: "cpu" }).dtype).toBe("q4");
  expect(findGraph(dir, "decoder", { provider: "webgpu" }).dtype).toBe("q4f16");
});

test("R20 a graph the repository lacks in the wanted precision comes in the nearest, only where allowed", () => {
  withGraphs("embed_tokens_q4.onnx", "embed_tokens.onnx");
  const wanted = { dtype: "q4f16", provider: "webgpu" } as const;
  expect(findGraph(dir, "embed_tokens", { ...wanted, lenient: true })).toEqual({
    path: join(dir, "onnx", "embed_tokens_q4.onnx"),
    dtype: "q4",
  });
  expect(() => findGraph(dir, "embed_tokens", wanted)).toThrow(
    expect.objectContaining({ code: "model-missing", message: expect.stringContaining("fp32, q4") }),
  );
});

test("R64 an unknown precision is refused by name", () => {
  expect(() => findGraph(dir, "decoder", { dtype: "q3", provider: "cpu" })).toThrow(
    expect.objectContaining({ code: "bad-input" }),
  );
});

test.each([
  ["no folder", undefined, "model-missing"],
  ["half a file", '{"model_type": "vox', "model-corrupt"],
  ["not an object", "[]", "model-corrupt"],
  ["another model", '{"model_type": "style_text_to_speech_2"}', "model-wrong"],
])("R62 config.json with %s is told apart", (_case, text, code) => {
  if (text === undefined) rmSync(dir, { recursive: true });
  else writeFileSync(join(dir, "config.json"), text);
  expect(() => readModelConfig(dir, { modelType: "voxtral", product: "Voxtral" })).toThrow(
    expect.objectContaining({ code }),
  );
});

test("R62 a missing file of the folder is named", () => {
  expect(() => readModelJson(dir, "tokenizer.json")).toThrow(
    expect.objectContaining({ code: "model-missing", message: expect.stringContaining("tokenizer.json") }),
  );
});
