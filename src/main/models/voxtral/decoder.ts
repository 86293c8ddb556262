import { Tensor } from "onnxruntime-node";
import type { Graph } from "../onnx-session.ts";
import { AppError } from "../../../shared/errors.ts";
import type { Tuning } from "../tuning/tuned-decoder.ts";
import { floatTensor, floatsOf, isFloatType, newFloats, toFloat32 } from "./floats.ts";
import type { FloatArray, FloatType } from "./floats.ts";
import { kvLayout } from "./kv-cache.ts";
import type { KvCache, KvLayout, Position } from "./kv-cache.ts";

export interface DecoderRun {
  /** Scores of the next token after the last position; absent when they were not asked for. Valid until the next run. */
  readonly logits?: Float32Array;
  readonly startMs: number;
  readonly endMs: number;
  readonly sessionMs: number;
}

/**
 * onnxruntime-node copies each output into a fresh array at about this rate (1.6 GB/s measured on a small machine;
 * research figure for 1.30). It decides when copying unwanted logits costs more than a second run.
 */
const COPY_BYTES_PER_MS = 1_600_000;
/** Logits of a whole prompt are never copied above this size, whatever the step costs: they double in memory. */
const MAX_LOGITS_BYTES = 256 * 1024 * 1024;

export interface DecoderOptions {
  readonly prefillGraph?: Graph | undefined;
  readonly tuned?: Tuning | undefined;
}

const untuned: Tuning = { givesLastLogits: false, givesNewRows: false };

/**
 * The merged decoder graph, driven by what its session says: caches and scores in float32 or float16, with or without
 * position_ids, attention_mask and num_logits_to_keep. One object of feeds lives as long as the decoder.
 */
export class Decoder {
  readonly layout: KvLayout;
  readonly vocabSize: number;
  readonly hiddenSize: number;
  readonly kvOnDevice: boolean;
  readonly #graph: Graph;
  readonly #prefillGraph: Graph;
  readonly #embedType: FloatType;
  readonly #logitsBytes: number;
  readonly #givesLastLogits: boolean;
  readonly #feeds: Record<string, Tensor> = {};
  readonly #presents: readonly string[];
  readonly #everything: readonly string[];
  readonly #ones: BigInt64Array;
  readonly #counter: BigInt64Array;
  #stepMs = Number.POSITIVE_INFINITY;

  /**
   * `contextLimit` sizes the mask. `prefillGraph` is the same file opened for many positions at a time, where that pays;
   * `tuned`: what was changed about it. Throws AppError model-wrong when the graph is not a Voxtral decoder.
   */
  constructor(
    graph: Graph,
    contextLimit: number,
    { prefillGraph = graph, tuned = untuned }: DecoderOptions = {},
  ) {
    const embeds = graph.inputs.get("inputs_embeds");
    const logits = graph.outputs.get("logits");
    const hiddenSize = embeds?.shape.at(-1);
    const vocabSize = logits?.shape.at(-1);
    if (!isFloatType(embeds?.type) || !isFloatType(logits?.type)) throw notADecoder(graph);
    if (typeof hiddenSize !== "number" || typeof vocabSize !== "number") throw notADecoder(graph);
    this.#graph = graph;
    this.#prefillGraph = prefillGraph;
    this.layout = kvLayout(graph.inputs, graph.outputs, tuned.givesNewRows);
    this.#givesLastLogits = tuned.givesLastLogits || graph.inputs.has("num_logits_to_keep");
    this.hiddenSize = hiddenSize;
    this.vocabSize = vocabSize;
    this.kvOnDevice = graph.provider === "webgpu";
    this.#embedType = embeds.type;
    this.#logitsBytes = vocabSize * (logits.type === "float32" ? 4 : 2);
    this.#presents = this.layout.entries.map(({ present }) => present);
    this.#everything = ["logits", ...this.#presents];
    this.#ones = new BigInt64Array(contextLimit).fill(1n);
    this.#counter = BigInt64Array.from({ length: contextLimit }, (_, index) => BigInt(index));
    if (graph.inputs.has("num_logits_to_keep")) {
      this.#feeds["num_logits_to_keep"] = new Tensor("int64", BigInt64Array.of(1n), []);
    }
  }

  /** Tells what one decode step costs here, measured at warm-up; it decides how prompts are split. */
  set stepMs(value: number) {
    this.#stepMs = value;
  }

  /**
   * Computes `positions` (their embeddings in `embeds`, [positions × hiddenSize]) after what `cache` holds and adds them to
   * it. With `wantLogits` the scores after the last one come back.
   */
  async run(
    cache: KvCache,
    positions: readonly Position[],
    embeds: Float32Array,
    wantLogits: boolean,
  ): Promise<DecoderRun> {
    const count = positions.length;
    if (!wantLogits) return this.#once(cache, positions, embeds, false);
    if (!this.#isSplitCheaper(count, cache)) return this.#once(cache, positions, embeds, true);
    const cut = (count - 1) * this.hiddenSize;
    const body = await this.#once(cache, positions.slice(0, -1), embeds.subarray(0, cut), false);
    const last = await this.#once(cache, positions.slice(-1), embeds.subarray(cut), true);
    return { ...last, startMs: body.startMs, sessionMs: body.sessionMs + last.sessionMs };
  }

  /**
   * Whether to compute the last position in a run of its own: that saves copying the scores of all others out, and costs
   * one step, and on the CPU the cache's way out once more.
   */
  #isSplitCheaper(count: number, cache: KvCache): boolean {
    if (count < 2 || this.#givesLastLogits) return false;
    const savedBytes = (count - 1) * this.#logitsBytes;
    if (savedBytes > MAX_LOGITS_BYTES) return true;
    const cacheBytes = this.kvOnDevice ? 0 : (cache.length + count) * cache.bytesPerPosition;
    return savedBytes / COPY_BYTES_PER_MS > this.#stepMs + cacheBytes / COPY_BYTES_PER_MS;
  }

  async #once(
    cache: KvCache,
    positions: readonly Position[],
    embeds: Float32Array,
    wantLogits: boolean,
  ): Promise<DecoderRun> {
    const count = positions.length;
    const start = cache.length;
    const end = start + count;
    if (end > this.#ones.length) {
      throw new AppError("context-full", `The conversation does not fit into ${this.#ones.length} tokens.`);
    }
    const feeds = this.#feeds;
    feeds["inputs_embeds"] = floatTensor(this.#typed(embeds), [1, count, this.hiddenSize]);
    if (this.#graph.inputs.has("attention_mask")) {
      feeds["attention_mask"] = new Tensor("int64", this.#ones.subarray(0, end), [1, end]);
    }
    if (this.#graph.inputs.has("position_ids")) {
      feeds["position_ids"] = new Tensor("int64", this.#counter.subarray(start, end), [1, count]);
    }
    for (const [name, tensor] of cache.tensors) feeds[name] = tensor;
    const graph = count > 1 ? this.#prefillGraph : this.#graph;
    const { outputs, startMs, endMs, sessionMs } = await graph.run(
      feeds,
      wantLogits ? this.#everything : this.#presents,
    );
    cache.append(outputs, positions);
    const span = { startMs, endMs, sessionMs };
    if (!wantLogits) return span;
    const scores = floatsOf(outputs["logits"]!);
    return { ...span, logits: toFloat32(scores.subarray(scores.length - this.vocabSize)) };
  }

  #typed(embeds: Float32Array): FloatArray {
    if (this.#embedType === "float32") return embeds;
    const half = newFloats("float16", embeds.length);
    half.set(embeds);
    return half;
  }
}

function notADecoder(graph: Graph): AppError {
  return new AppError(
    "model-wrong",
    `${graph.path} is not Voxtral's decoder graph. Choose a Voxtral folder.`,
  );
}
