import { InferenceSession } from "onnxruntime-node";
import { hostService } from "../../src/main/models/service-host.ts";

/**
 * A model process, or that of a trial, whose graphics devices are make-believe: they compute on the CPU, and fail as told.
 * `node device-process.ts <voxtral|kokoro|probe> <JSON: provider → fault>`. Everything above onnxruntime is the real code.
 */
export type DeviceFault =
  | { readonly type: "none" }
  /** Takes the process down while a graph is opened, as a driver's segmentation fault does. */
  | { readonly type: "crash" }
  /** Never comes back. */
  | { readonly type: "hang" }
  /** Computes other numbers. */
  | { readonly type: "wrong" }
  /** Works, but each run takes this much longer. */
  | { readonly type: "slow"; readonly ms: number }
  /** Goes away at run number `run` (from 1) of graphs that have `input`. */
  | { readonly type: "lost"; readonly input: string; readonly run: number };

export type DeviceFaults = Readonly<Record<string, DeviceFault>>;

const [kind = "", faultsText = "{}"] = process.argv.slice(2);
const faults = JSON.parse(faultsText) as DeviceFaults;

const create = Reflect.get(InferenceSession, "create") as (
  model: string | Uint8Array,
  options: InferenceSession.SessionOptions,
) => Promise<InferenceSession>;
const pretended = new WeakMap<InferenceSession, DeviceFault>();

Reflect.set(
  InferenceSession,
  "create",
  async (model: string | Uint8Array, options: InferenceSession.SessionOptions) => {
    const [wanted] = options.executionProviders ?? [];
    const fault = typeof wanted === "string" ? faults[wanted] : undefined;
    if (!fault) return Reflect.apply(create, InferenceSession, [model, options]);
    if (fault.type === "crash") process.kill(process.pid, "SIGSEGV");
    if (fault.type === "hang") Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    // Nor does it have memory of its own, in which outputs could stay.
    const { preferredOutputLocation: _, ...rest } = options;
    const session = await Reflect.apply(create, InferenceSession, [
      model,
      { ...rest, executionProviders: ["cpu"] },
    ]);
    pretended.set(session, fault);
    return session;
  },
);

const prototype = Reflect.get(InferenceSession, "prototype") as InferenceSession;
const run = Reflect.get(prototype, "run") as (...args: unknown[]) => Promise<InferenceSession.ReturnType>;
let runs = 0;
Reflect.set(prototype, "run", async function (this: InferenceSession, ...args: unknown[]) {
  const fault = pretended.get(this);
  if (fault?.type === "lost" && this.inputNames.includes(fault.input) && ++runs === fault.run) {
    throw new Error("Non-zero status code returned while running MatMul node. Device is lost.");
  }
  if (fault?.type === "slow") Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, fault.ms);
  const results = await Reflect.apply(run, this, args);
  if (fault?.type !== "wrong") return results;
  for (const { data } of Object.values(results)) {
    // A trivial graph is right, as with real drivers; what is wrong begins with larger ones.
    if (data instanceof Float32Array && data.length > 2) data.forEach((x, i) => (data[i] = x * (i % 3)));
  }
  return results;
});

const services = {
  voxtral: async () => (await import("../../src/main/models/voxtral/service.ts")).start,
  kokoro: async () => (await import("../../src/main/models/kokoro/service.ts")).start,
  probe: async () => (await import("../../src/main/models/providers/probe-service.ts")).start,
};
await hostService(kind, services[kind as keyof typeof services]);
