import path from "node:path";
import { Tensor, type OnnxValue } from "onnxruntime-node";
import { openGraph, type Graph, type TensorInfo } from "../../src/main/models/onnx-session.ts";

export interface RawRequest {
  readonly modelDir: string;
  /** Positions of the prompt and decoder steps after it. */
  readonly prompt: number;
  readonly steps: number;
}

/** Milliseconds inside `session.run`, nothing else. */
export interface RawTimes {
  readonly prefillMs: number;
  readonly stepsMs: readonly number[];
}

/**
 * The decoder with no product around it: the same graph, opened as the product opens it, run with its own outputs as the
 * next inputs. What it computes is noise; what it costs is what a step must cost.
 */
let decoder: Graph | undefined;

async function decode({ modelDir, prompt, steps }: RawRequest): Promise<RawTimes> {
  // One thread, as the product gives to a decoder this small.
  decoder ??= await openGraph(path.join(modelDir, "onnx", "decoder_model_merged.onnx"), {
    provider: "cpu",
    threads: 1,
  });
  const { inputs, outputs, session } = decoder;
  const names = [...outputs.keys()];
  const hiddenSize = Number(inputs.get("inputs_embeds")!.shape.at(-1));
  let cache: Record<string, OnnxValue> = Object.fromEntries(
    [...inputs.values()].filter(isCache).map(({ name, shape }) => [name, emptyCache(shape)]),
  );
  const times: number[] = [];
  for (let step = 0, length = 0; step <= steps; step++) {
    const count = step === 0 ? prompt : 1;
    const noise = Float32Array.from({ length: count * hiddenSize }, () => Math.random() - 0.5);
    const feeds: Record<string, OnnxValue> = {
      ...cache,
      inputs_embeds: new Tensor("float32", noise, [1, count, hiddenSize]),
      attention_mask: new Tensor("int64", new BigInt64Array(length + count).fill(1n), [1, length + count]),
    };
    if (inputs.has("position_ids")) {
      const positions = BigInt64Array.from({ length: count }, (_, i) => BigInt(length + i));
      feeds["position_ids"] = new Tensor("int64", positions, [1, count]);
    }
    const startMs = performance.now();
    const results = await session.run(feeds, names);
    times.push(performance.now() - startMs);
    cache = Object.fromEntries(
      Object.keys(cache).map((name) => [name, results[name.replace("past_key_values", "present")]!]),
    );
    length += count;
  }
  const [prefillMs = Number.NaN, ...stepsMs] = times;
  return { prefillMs, stepsMs };
}

function isCache({ name }: TensorInfo): boolean {
  return name.startsWith("past_key_values.");
}

/** [batch, heads, positions, width] with no positions yet; only the batch and the positions are dynamic. */
function emptyCache(shape: TensorInfo["shape"]): Tensor {
  return new Tensor("float32", new Float32Array(0), [1, Number(shape[1]), 0, Number(shape[3])]);
}

process.on("message", (request: RawRequest) => {
  void decode(request).then(
    (times) => process.send!(times),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});
process.on("disconnect", () => process.exit());
