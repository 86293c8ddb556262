import { statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname } from "node:path";
import { InferenceSession } from "onnxruntime-node";
import type { Tensor } from "onnxruntime-node";
import { systemClock } from "../../shared/clock.ts";
import { AppError } from "../../shared/errors.ts";
import { openFailure, runFailure } from "./onnx-failures.ts";
import type { RealProvider } from "./services.ts";

/** One input or output of a graph, as the session reports it: dynamic axes are their names. */
export interface TensorInfo {
  readonly name: string;
  readonly type: Tensor.Type;
  readonly shape: readonly (number | string)[];
}

export interface OpenOptions {
  readonly provider: RealProvider;
  /** Intra-op threads on the CPU; 0 chooses by the machine (`defaultThreads`). */
  readonly threads: number;
  /** Outputs that stay on the device between runs. Only WebGPU can do that in onnxruntime-node; ignored elsewhere. */
  readonly gpuOutputs?: readonly string[];
  /**
   * Threads wait for each other's work busily, within a run only. `true`, for a graph that runs while nothing else does: it is
   * about a tenth faster then, and slows down whatever runs beside it. `"briefly"` bridges the gaps between products, for a
   * graph of many short ones: see BRIEF_SPIN_US.
   */
  readonly spins?: true | "briefly";
  /**
   * A graph to open in place of the file's own, by provider; undefined: the file's own. Its external weights are found
   * beside the file all the same.
   */
  readonly modelFor?: (provider: RealProvider) => Promise<Uint8Array | undefined>;
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
  readonly provider: RealProvider;
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
 * Threads for CPU sessions: one per core up to two cores, then half of the logical cores (they are mostly
 * hyper-threads, which gain nothing in matrix products), at most four, since two models share the machine.
 */
export function defaultThreads(logicalCores: number = availableParallelism()): number {
  return logicalCores <= 2 ? logicalCores : Math.min(4, Math.ceil(logicalCores / 2));
}

/**
 * Opens a graph by its path, so that external data beside it is found. The provider is used or refused: which one to use
 * is decided before (providers/chooser.ts).
 * Throws AppError: model-missing, model-corrupt, provider-unavailable, out-of-memory.
 */
export async function openGraph(path: string, options: OpenOptions): Promise<Graph> {
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) {
    throw new AppError("model-missing", `The model file ${path} does not exist. Download the model again.`, {
      details: { path },
    });
  }
  const startMs = systemClock.nowMs();
  const { provider } = options;
  try {
    const session = await createSession(path, options);
    return graphOf(path, session, provider, systemClock.nowMs() - startMs);
  } catch (error) {
    throw openFailure(path, provider, error);
  }
}

/**
 * Microseconds that a thread spins "briefly" (onnxruntime's session.intra_op.spin_duration_us). A 4-bit decode step at scale
 * 300m, two cores, medians in ms, threads that sleep / spin 20 µs / 50 µs / until the run ends: alone 24.3 / 19.2 / 18.2 / 18.7,
 * beside a Kokoro that never stops speaking 27 / 30 / 36 / 48.
 */
const BRIEF_SPIN_US = 20;

async function createSession(path: string, options: OpenOptions): Promise<InferenceSession> {
  const model = await options.modelFor?.(options.provider);
  const settings = sessionOptions(path, options);
  return model ? InferenceSession.create(model, settings) : InferenceSession.create(path, settings);
}

/**
 * Why these values (two cores, demo Voxtral; encoder / prefill of 379 / decode step, medians in ms):
 *   alone       1 thread 134/30/1.5 · 2 threads 85/24/2.4 · 2 threads spinning 70/22/1.7
 *   overlapped  1 thread 134/32/2.0 · 2 threads 152/38/2.1 · 2 threads spinning 256/54/6.9  (Kokoro busy beside it)
 * Spinning threads steal the cores that the other model process needs, so they are off but for the encoder, which runs
 * before there is anything to say (91 against 100 ms alone, medians of ten in turn), and brief in large decoders; they stop
 * with each run.
 */
function sessionOptions(path: string, options: OpenOptions): InferenceSession.SessionOptions {
  const { provider } = options;
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
        intra_op: {
          allow_spinning: options.spins ? "1" : "0",
          ...(options.spins === "briefly" ? { spin_duration_us: String(BRIEF_SPIN_US) } : {}),
        },
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

function graphOf(path: string, session: InferenceSession, provider: RealProvider, loadMs: number): Graph {
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
