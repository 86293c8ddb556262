import { InferenceSession, Tensor } from "onnxruntime-node";
import type { RealProvider } from "../services.ts";
import type { DeviceTruncate, KvLayout } from "./kv-cache.ts";
import { onnxModel } from "./onnx-bytes.ts";

export interface DeviceTruncation {
  readonly truncate: DeviceTruncate;
  release(): Promise<void>;
}

/**
 * A graph of one Slice a cache tensor, so that a cache on the device is shortened there: onnxruntime-node can neither read
 * such tensors back nor slice them. Rejects when the provider cannot run it.
 */
export async function createDeviceTruncation(
  layout: KvLayout,
  provider: RealProvider,
): Promise<DeviceTruncation> {
  const names = layout.entries.map(({ past }) => past);
  const kept = (name: string): string => `kept.${name}`;
  const tensor = (name: string, length: string) => ({
    name,
    type: layout.type,
    dims: [1, layout.heads, length, layout.headSize],
  });
  const model = onnxModel({
    inputs: [{ name: "end", type: "int64", dims: [1] }, ...names.map((name) => tensor(name, "past"))],
    outputs: names.map((name) => tensor(kept(name), "kept")),
    nodes: names.map((name) => ({
      op: "Slice",
      inputs: [name, "start", "end", "axis"],
      outputs: [kept(name)],
    })),
    initializers: [
      { name: "start", type: "int64", dims: [1], data: BigInt64Array.of(0n) },
      { name: "axis", type: "int64", dims: [1], data: BigInt64Array.of(2n) },
    ],
  });
  const session = await InferenceSession.create(model, {
    executionProviders: [provider],
    logSeverityLevel: 4,
    preferredOutputLocation: Object.fromEntries(names.map((name) => [kept(name), "gpu-buffer" as const])),
  });
  return {
    async truncate(tensors, length) {
      const end = new Tensor("int64", BigInt64Array.of(BigInt(length)), [1]);
      const outputs = await session.run({ end, ...Object.fromEntries(tensors) });
      return new Map(names.map((name) => [name, outputs[kept(name)]!]));
    },
    release: () => session.release(),
  };
}
