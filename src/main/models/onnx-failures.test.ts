import { describe, expect, test } from "vitest";
import { isDeviceLost, openFailure, runFailure } from "./onnx-failures.ts";

describe("R21 which failures of a run mean that the device is gone", () => {
  test.each([
    ["webgpu", "Non-zero status code returned while running MatMul node. [Device] is lost."],
    ["webgpu", "Failed to download data from buffer: A valid external Instance reference no longer exists."],
    ["cuda", "CUDA failure 719: unspecified launch failure ; GPU=0 ; hostname=here"],
    ["cuda", "CUDNN_STATUS_EXECUTION_FAILED"],
    ["dml", "887A0005 The GPU device instance has been suspended."],
  ] as const)("%s: %s", (provider, message) => {
    const failure = runFailure("/models/decoder.onnx", provider, new Error(message));
    expect(failure.code).toBe("provider-unavailable");
    expect(isDeviceLost(failure)).toBe(true);
  });

  test("a device that is full", () => {
    const failure = runFailure("/models/decoder.onnx", "webgpu", new Error("Out of memory: buffer of 2 GB"));
    expect(failure.code).toBe("out-of-memory");
    expect(isDeviceLost(failure)).toBe(true);
  });

  test.each([
    ["cpu", "[Device] is lost."],
    ["webgpu", "Got invalid dimensions for input: inputs_embeds"],
    ["cpu", "std::bad_alloc"],
  ] as const)("not on %s: %s", (provider, message) => {
    expect(isDeviceLost(runFailure("/models/decoder.onnx", provider, new Error(message)))).toBe(false);
  });
});

describe("R62 why a graph cannot be opened", () => {
  test.each([
    ["out-of-memory", "cuda", "CUDA failure 2: out of memory"],
    ["model-missing", "webgpu", "External data path does not exist: decoder.onnx_data"],
    ["model-corrupt", "webgpu", "Protobuf parsing failed."],
    ["provider-unavailable", "webgpu", "Failed to get a WebGPU adapter: No supported adapters"],
  ] as const)("%s on %s: %s", (code, provider, message) => {
    expect(openFailure("/models/decoder.onnx", provider, new Error(message)).code).toBe(code);
  });
});
