import { InferenceSession } from "onnxruntime-node";
import { isExternal, valueInfo, weightInfo, writeGraph, writeModel } from "./onnx-model.ts";
import type { OnnxModel } from "./onnx-model.ts";
import type { TensorInfo } from "./onnx-session.ts";

/** Initializers up to this many bytes of message may be shapes, axes and the like, whose numbers decide about shapes. */
const SMALL_TENSOR_BYTES = 1024;

/**
 * Types and shapes of the tensors `names` and of all large weights when the model's inputs are as `inputs` says, found by
 * onnxruntime without reading the weights: they become inputs of a model that is opened and never run.
 * Rejects with onnxruntime's error when it cannot open that.
 */
export async function inferTensors(
  model: OnnxModel,
  inputs: readonly TensorInfo[],
  names: ReadonlySet<string>,
): Promise<ReadonlyMap<string, TensorInfo>> {
  const isSmall = (bytes: Uint8Array): boolean => bytes.length <= SMALL_TENSOR_BYTES && !isExternal(bytes);
  const weights = [...model.initializers].filter(([, bytes]) => !isSmall(bytes));
  const made = new Set(model.nodes.flatMap((node) => node.outputs));
  const body = writeGraph({
    nodes: model.nodes.map((node) => [node.bytes]),
    initializers: [...model.initializers.values()].filter(isSmall),
    inputs: [
      ...inputs.map((info) => valueInfo(info.name, info)),
      ...weights.map(([name, bytes]) => weightInfo(name, bytes)),
    ],
    outputs: [...names].filter((name) => made.has(name)).map((name) => valueInfo(name)),
  });
  const session = await InferenceSession.create(writeModel(model.header, body), {
    executionProviders: ["cpu"],
    graphOptimizationLevel: "basic",
    intraOpNumThreads: 1,
    logSeverityLevel: 4,
  });
  const found = [...session.inputMetadata, ...session.outputMetadata].filter((value) => value.isTensor);
  await session.release();
  return new Map(found.map(({ name, type, shape }) => [name, { name, type, shape }]));
}
