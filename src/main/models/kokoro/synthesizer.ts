import { Tensor } from "onnxruntime-node";
import { AppError } from "../../../shared/errors.ts";
import { announceBusy } from "../busy.ts";
import type { Graph } from "../onnx-session.ts";
import type { RealProvider } from "../services.ts";
import { PAD_ID } from "./vocabulary.ts";

/** What the graph must offer: the interface of every Kokoro v1.0 export. */
const inputNames = ["input_ids", "style", "speed"] as const;
const OUTPUT_NAME = "waveform";

/** These compile kernels or search for algorithms at every input length they have not met. */
const shapeSensitive: ReadonlySet<RealProvider> = new Set(["cuda", "tensorrt", "dml", "webgpu"]);

/** Lengths, pads included, that inputs are filled up to on such providers: finer where replies begin. */
export const lengthBuckets: readonly number[] = [32, 64, 96, 128, 192, 256, 384, 512];

/** Warmed at load: those a clause or a sentence needs. The longer ones would cost more than they save. */
const WARM_BUCKETS = lengthBuckets.filter((length) => length <= 192);

/** A short clause and a sentence: on the CPU the first runs allocate memory, other lengths then cost no more. */
const WARM_LENGTHS: readonly number[] = [24, 96];

/** From here on a run on a slow processor may outlast the supervisor's patience; 510 phonemes need about 10 s there. */
const LONG_INPUT = 128;
const RUN_BUDGET_MS = 120_000;

/** Any sound for the warm-up: `a`. */
const SOUND_ID = 43;

export interface RawSpeech {
  /** 24 kHz mono as the graph gives it, silence at both ends. All finite. */
  readonly pcm: Float32Array;
  readonly startMs: number;
  readonly endMs: number;
  readonly sessionMs: number;
}

/** Runs Kokoro's graph. One run at a time. */
export class Synthesizer {
  readonly #graph: Graph;
  readonly #buckets: readonly number[];

  /** `buckets` defaults to what the provider needs; none means exact lengths. Throws AppError model-wrong. */
  constructor(
    graph: Graph,
    buckets: readonly number[] = shapeSensitive.has(graph.provider) ? lengthBuckets : [],
  ) {
    const missing = inputNames.filter((name) => !graph.inputs.has(name));
    if (missing.length > 0 || !graph.outputs.has(OUTPUT_NAME)) {
      throw new AppError(
        "model-wrong",
        `${graph.path} is not a Kokoro graph. Choose the Kokoro folder, or download it again.`,
        {
          details: { path: graph.path, inputs: [...graph.inputs.keys()], outputs: [...graph.outputs.keys()] },
        },
      );
    }
    this.#graph = graph;
    this.#buckets = buckets;
  }

  /**
   * `ids` int64 [n ≤ 512] with pads, `style` [256], `speed` 0.5 to 2. With buckets, `ids` is filled up with pads: they
   * become silence after the speech, and shift it slightly (demo model: its length by at most 3 %).
   * Throws AppError internal when the output is not a waveform, and what `Graph.run` throws.
   */
  async run(ids: readonly number[], style: Float32Array, speed: number): Promise<RawSpeech> {
    using _busy = ids.length >= LONG_INPUT ? announceBusy("synthesize", RUN_BUDGET_MS) : undefined;
    const length = this.#buckets.find((bucket) => bucket >= ids.length) ?? ids.length;
    const input = new BigInt64Array(length).fill(BigInt(PAD_ID));
    for (let i = 0; i < ids.length; i++) input[i] = BigInt(ids[i]!);
    const { outputs, startMs, endMs, sessionMs } = await this.#graph.run(
      {
        input_ids: new Tensor("int64", input, [1, length]),
        style: new Tensor("float32", style, [1, style.length]),
        speed: new Tensor("float32", Float32Array.of(speed), [1]),
      },
      [OUTPUT_NAME],
    );
    const pcm = outputs[OUTPUT_NAME]?.data;
    if (!(pcm instanceof Float32Array) || !allFinite(pcm)) throw this.#damaged();
    return { pcm, startMs, endMs, sessionMs };
  }

  /** Runs each usual length once with `style`, so that the first reply does not pay for it. */
  async warmUp(style: Float32Array): Promise<void> {
    const lengths = this.#buckets.length > 0 ? WARM_BUCKETS : WARM_LENGTHS;
    for (const length of lengths) {
      // What is said does not matter, only how long it is.
      const ids = Array.from({ length }, (_, i) => (i === 0 || i === length - 1 ? PAD_ID : SOUND_ID));
      await this.run(ids, style, 1);
    }
  }

  /** Some graphics drivers compute NaN in half precision; onnxruntime itself notices nothing. */
  #damaged(): AppError {
    const { provider, path } = this.#graph;
    return new AppError(
      "internal",
      `The voice model produced damaged sound on ${provider}. Choose another provider or the full-precision (fp32) model.`,
      // Damage by a device is as good as its loss: the next provider does better.
      { details: { provider, path, ...(provider === "cpu" ? {} : { isDeviceLost: true }) } },
    );
  }
}

/** A plain loop: `every` calls a function for each of a hundred thousand samples. */
function allFinite(pcm: Float32Array): boolean {
  for (let i = 0; i < pcm.length; i++) if (!Number.isFinite(pcm[i])) return false;
  return true;
}
