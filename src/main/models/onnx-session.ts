import { readdirSync, statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, dirname, join } from "node:path";
import { InferenceSession, listSupportedBackends } from "onnxruntime-node";
import type { Tensor } from "onnxruntime-node";
import { systemClock } from "../../shared/clock.ts";
import { AppError } from "../../shared/errors.ts";
import type { ProviderId } from "./services.ts";

/** One input or output of a graph, as the session reports it: dynamic axes are their names. */
export interface TensorInfo {
  readonly name: string;
  readonly type: Tensor.Type;
  readonly shape: readonly (number | string)[];
}

export interface OpenOptions {
  readonly provider: ProviderId;
  /** Intra-op threads on the CPU; 0 chooses by the machine (`defaultThreads`). */
  readonly threads: number;
  /** Outputs that stay on the device between runs. Only WebGPU can do that in onnxruntime-node; ignored elsewhere. */
  readonly gpuOutputs?: readonly string[];
  /**
   * Threads wait for each other's work busily, within a run only. For a graph that runs while nothing else does: it is
   * about a tenth faster then, and slows down whatever runs beside it.
   */
  readonly spins?: boolean;
  /**
   * A graph to open in place of the file's own, by provider; undefined: the file's own. Its external weights are found
   * beside the file all the same.
   */
  readonly modelFor?: (provider: ProviderId) => Promise<Uint8Array | undefined>;
}

/** By output: the tensor to write, or null for a new one. */
export type Fetches = Readonly<Record<string, Tensor | null>>;

export interface GraphRun {
  readonly outputs: Readonly<Record<string, Tensor>>;
  readonly startMs: number;
  readonly endMs: number;
  /** Milliseconds inside `session.run`. */
  readonly sessionMs: number;
}

/** A loaded graph. `run` is sequential: the caller awaits one run before the next. */
export interface Graph {
  readonly path: string;
  readonly session: InferenceSession;
  /** The provider that really runs it, never `auto`. */
  readonly provider: ProviderId;
  /** Sentences why better providers were passed over (for `auto`). */
  readonly passedOver: readonly string[];
  readonly loadMs: number;
  readonly inputs: ReadonlyMap<string, TensorInfo>;
  readonly outputs: ReadonlyMap<string, TensorInfo>;
  /**
   * Runs the graph; `fetches` limits what is copied out. A tensor of the right shape is written to instead.
   * Throws out-of-memory, provider-unavailable or internal.
   */
  run(feeds: Readonly<Record<string, Tensor>>, fetches?: readonly string[] | Fetches): Promise<GraphRun>;
  /** Frees the native session. Idempotent. */
  release(): Promise<void>;
}

/**
 * Up to this many bytes of graph and weights `auto` stays on the CPU: such a graph finishes there before a GPU has been
 * handed its hundreds of kernels (the demo decoder's step is 1–2 ms on one core).
 */
export const SMALL_GRAPH_BYTES = 64 * 1024 * 1024;

/**
 * Threads for CPU sessions: one per core up to two cores, then half of the logical cores (they are mostly
 * hyper-threads, which gain nothing in matrix products), at most four, since two models share the machine.
 */
export function defaultThreads(logicalCores: number = availableParallelism()): number {
  return logicalCores <= 2 ? logicalCores : Math.min(4, Math.ceil(logicalCores / 2));
}

/** Bytes of a graph file and of its external weights (`<name>.onnx_data`, `_data_1` …) beside it. 0 if absent. */
export function graphBytes(path: string): number {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) return 0;
  const name = basename(path);
  const data = readdirSync(dirname(path)).filter((file) => file.startsWith(`${name}_data`));
  return data.reduce((sum, file) => sum + statSync(join(dirname(path), file)).size, stat.size);
}

/**
 * Opens a graph by its path, so that external data beside it is found.
 * `auto` tries this platform's accelerators, best first, and falls back to the CPU; a named provider is used or refused.
 * Throws AppError: model-missing, model-corrupt, provider-unavailable, out-of-memory.
 */
export async function openGraph(path: string, options: OpenOptions): Promise<Graph> {
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) {
    throw new AppError("model-missing", `The model file ${path} does not exist. Download the model again.`, {
      details: { path },
    });
  }
  const startMs = systemClock.nowMs();
  const passedOver: string[] = [];
  for (const provider of candidates(path, options.provider)) {
    try {
      const session = await createSession(path, provider, options);
      return graphOf(path, session, provider, passedOver, systemClock.nowMs() - startMs);
    } catch (error) {
      const failure = openFailure(path, provider, error);
      if (options.provider !== "auto" || provider === "cpu") throw failure;
      // Only `auto` goes on to the next provider; the reason is kept for the interface.
      passedOver.push(failure.message);
      if (failure.code === "provider-unavailable") unusable.add(provider);
    }
  }
  throw new AppError("internal", `No execution provider was tried for ${path}.`);
}

/** Providers that failed here for a reason that no other graph will change: not tried again by `auto`. */
const unusable = new Set<ProviderId>();

function candidates(path: string, wanted: ProviderId): readonly ProviderId[] {
  if (wanted !== "auto") return [wanted];
  if (graphBytes(path) <= SMALL_GRAPH_BYTES) return ["cpu"];
  // WebGPU first: the one provider here whose KV cache can stay on the device. CoreML has none of the 4-bit operators.
  const order: readonly ProviderId[] = ["webgpu", "cuda", "dml", "cpu"];
  const known = new Set(listSupportedBackends().map((backend) => backend.name));
  return order.filter((provider) => known.has(provider) && !unusable.has(provider));
}

async function createSession(
  path: string,
  provider: ProviderId,
  options: OpenOptions,
): Promise<InferenceSession> {
  const model = await options.modelFor?.(provider);
  const settings = sessionOptions(path, provider, options);
  return model ? InferenceSession.create(model, settings) : InferenceSession.create(path, settings);
}

/**
 * Why these values (two cores, demo Voxtral; encoder / prefill of 379 / decode step, medians in ms):
 *   alone       1 thread 134/30/1.5 · 2 threads 85/24/2.4 · 2 threads spinning 70/22/1.7
 *   overlapped  1 thread 134/32/2.0 · 2 threads 152/38/2.1 · 2 threads spinning 256/54/6.9  (Kokoro busy beside it)
 * Spinning threads steal the cores that the other model process needs, so they are off but for the encoder, which runs
 * before there is anything to say (91 against 100 ms alone, medians of ten in turn), and stop with each run.
 */
function sessionOptions(
  path: string,
  provider: ProviderId,
  options: OpenOptions,
): InferenceSession.SessionOptions {
  const onDevice = provider === "webgpu" ? (options.gpuOutputs ?? []) : [];
  return {
    // Alone: with "cpu" behind it, onnxruntime-common would drop an unknown provider without a word. Operators that a
    // provider lacks still run on the CPU, inside the session.
    executionProviders: [provider],
    intraOpNumThreads: options.threads > 0 ? options.threads : defaultThreads(),
    interOpNumThreads: 1,
    executionMode: "sequential",
    // A memory plan is kept for every shape ever seen, and each decode step is a new one: 90 MB less here without, and
    // no slower.
    enableMemPattern: false,
    graphOptimizationLevel: "all",
    // Failures come back as exceptions and are reported once, in words, by us.
    logSeverityLevel: 4,
    extra: {
      session: {
        intra_op: { allow_spinning: options.spins ? "1" : "0" },
        force_spinning_stop: "1",
        // Only read when a graph comes as bytes, which have no place of their own.
        model_external_initializers_file_folder_path: dirname(path),
      },
    },
    ...(onDevice.length > 0
      ? { preferredOutputLocation: Object.fromEntries(onDevice.map((name) => [name, "gpu-buffer" as const])) }
      : {}),
  };
}

function graphOf(
  path: string,
  session: InferenceSession,
  provider: ProviderId,
  passedOver: readonly string[],
  loadMs: number,
): Graph {
  let released: Promise<void> | undefined;
  const inputs = infoOf(session.inputMetadata);
  const outputs = infoOf(session.outputMetadata);
  const hasHalves = [...inputs.values(), ...outputs.values()].some(({ type }) => type === "float16");
  const shown = <T extends Tensor | null>(
    tensors: Readonly<Record<string, T>>,
  ): Readonly<Record<string, T>> => (hasHalves ? withHalfBits(tensors) : tensors);
  return {
    path,
    session,
    provider,
    passedOver,
    loadMs,
    inputs,
    outputs,
    async run(tensors, wanted) {
      const feeds = shown(tensors);
      const fetches = wanted && !isNames(wanted) ? shown(wanted) : wanted;
      const startMs = systemClock.nowMs();
      try {
        const results = await (fetches ? session.run(feeds, fetches) : session.run(feeds));
        const endMs = systemClock.nowMs();
        return {
          outputs: results,
          startMs,
          endMs,
          sessionMs: endMs - startMs,
        };
      } catch (error) {
        throw runFailure(path, provider, error);
      }
    },
    release() {
      released ??= session.release();
      return released;
    },
  };
}

function isNames(fetches: readonly string[] | Fetches): fetches is readonly string[] {
  return Array.isArray(fetches);
}

/**
 * onnxruntime-common 1.30 makes a Float16Array of float16 data where the runtime has that class, and onnxruntime-node 1.30
 * then reads no bytes of it ("not enough space: expected 40, got 0"; its Node-API knows 16-bit integers only). The native
 * side is shown the same memory as bits.
 */
function withHalfBits<T extends Tensor | null>(tensors: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => {
      if (tensor?.type !== "float16" || tensor.location !== "cpu") return [name, tensor];
      const { data } = tensor;
      if (!ArrayBuffer.isView(data)) return [name, tensor];
      const bits = new Uint16Array(data.buffer, data.byteOffset, data.byteLength / 2);
      const shown: T = Object.create(tensor, { data: { value: bits } });
      return [name, shown];
    }),
  );
}

function infoOf(metadata: readonly InferenceSession.ValueMetadata[]): ReadonlyMap<string, TensorInfo> {
  const tensors = metadata.filter((value) => value.isTensor);
  return new Map(tensors.map(({ name, type, shape }) => [name, { name, type, shape }]));
}

function openFailure(path: string, provider: ProviderId, error: unknown): AppError {
  const reason = reasonOf(error);
  const details = { path, provider, reason };
  if (isOutOfMemory(reason)) return outOfMemory(path, details, error);
  if (/external data|\.onnx_data/i.test(reason)) {
    const missing = /no such file|not exist|cannot find|file size/i.test(reason);
    return missing
      ? new AppError("model-missing", `Weights of ${path} are missing beside it. Download the model again.`, {
          cause: error,
          details,
        })
      : corrupt(path, details, error);
  }
  if (/protobuf|ModelProto|INVALID_GRAPH|not a valid model|Load model from/i.test(reason)) {
    return corrupt(path, details, error);
  }
  if (provider !== "cpu") {
    return new AppError(
      "provider-unavailable",
      `${provider} cannot run ${basename(path)} on this machine (${reason}). Choose another provider, or "auto".`,
      { cause: error, details },
    );
  }
  return corrupt(path, details, error);
}

function corrupt(path: string, details: unknown, cause: unknown): AppError {
  return new AppError(
    "model-corrupt",
    `The model file ${path} is damaged or incomplete. Delete it and download the model again.`,
    { cause, details },
  );
}

function outOfMemory(path: string, details: unknown, cause: unknown): AppError {
  return new AppError(
    "out-of-memory",
    `There is not enough memory for ${basename(path)}. Close other programs or choose a smaller precision.`,
    { cause, details },
  );
}

function runFailure(path: string, provider: ProviderId, error: unknown): AppError {
  const reason = reasonOf(error);
  const details = { path, provider, reason };
  if (isOutOfMemory(reason)) return outOfMemory(path, details, error);
  if (provider !== "cpu" && /device.*(lost|removed|hung)|CUDA|cudnn|D3D12|DXGI/i.test(reason)) {
    return new AppError("provider-unavailable", `The graphics device failed while running (${reason}).`, {
      cause: error,
      details,
    });
  }
  return new AppError("internal", `${basename(path)} could not run: ${reason}`, { cause: error, details });
}

function isOutOfMemory(reason: string): boolean {
  return /bad_alloc|out of memory|failed to allocate|allocation failed/i.test(reason);
}

/** The sentence inside onnxruntime's message: its source path and C++ signature say nothing to a person. */
function reasonOf(error: unknown): string {
  const line = (error instanceof Error ? error.message : String(error)).trim().split("\n")[0] ?? "";
  const sentence = line.split(/ was false\. |: FAIL : /).at(-1) ?? line;
  return sentence.replaceAll(/\S*onnxruntime_src\S*\s?/g, "").slice(0, 300);
}
