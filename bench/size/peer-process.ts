import { env, Tensor, VoxtralForConditionalGeneration } from "@huggingface/transformers";
import { percentile } from "../../src/shared/metrics.ts";
import { peakBytes } from "./own.ts";

/** transformers.js on the same files: what its `generate` takes for a prompt and for each token after it. */
export interface PeerTimes {
  readonly loadMs: number;
  readonly memoryBytes: number | null;
  readonly prefillMs: number;
  readonly stepMs: number;
}

export interface PeerTask {
  /** Holds `voxtral/`. */
  readonly folder: string;
  readonly promptTokens: number;
  readonly newTokens: number;
  readonly rounds: number;
}

async function measure({ folder, promptTokens, newTokens, rounds }: PeerTask): Promise<PeerTimes> {
  env.allowRemoteModels = false;
  env.localModelPath = folder;
  const startMs = performance.now();
  const model = await VoxtralForConditionalGeneration.from_pretrained("voxtral", {
    dtype: "q4",
    device: "cpu",
  });
  const loadMs = performance.now() - startMs;
  /** Milliseconds of `generate` for so many tokens; its end token is never chosen. */
  const generate = async (round: number, count: number): Promise<number> => {
    const ids = BigInt64Array.from({ length: promptTokens }, (_, i) => BigInt(300 + ((i * 7 + round) % 600)));
    const dims = [1, promptTokens];
    const begunMs = performance.now();
    await model.generate({
      input_ids: new Tensor("int64", ids, dims),
      attention_mask: new Tensor("int64", new BigInt64Array(promptTokens).fill(1n), dims),
      max_new_tokens: count,
      do_sample: false,
    });
    return performance.now() - begunMs;
  };
  await generate(0, 2);
  const prefills: number[] = [];
  const steps: number[] = [];
  for (let round = 1; round <= rounds; round++) {
    const one = await generate(round, 1);
    prefills.push(one);
    steps.push(((await generate(round, newTokens)) - one) / (newTokens - 1));
  }
  return {
    loadMs,
    memoryBytes: peakBytes(process.pid),
    prefillMs: percentile(prefills, 0.5),
    stepMs: percentile(steps, 0.5),
  };
}

process.on("message", (task: PeerTask) => {
  void measure(task)
    .then((times) => process.send!({ times }))
    .catch((error: unknown) => process.send!({ reason: String(error) }));
});
process.on("disconnect", () => process.exit());
