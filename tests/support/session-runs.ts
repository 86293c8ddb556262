import { InferenceSession } from "onnxruntime-node";
import { vi } from "vitest";

/** What a run computes, by what it is given. */
export type RunKind = "encoder" | "embeddings" | "decoder" | "other";

/**
 * Records every native run of this process, in order, until disposed; the runs themselves are the real ones. `onRun` is
 * told of each before the runtime begins with it.
 */
export function recordRuns(
  onRun: (kind: RunKind) => void = () => {},
): Disposable & { readonly kinds: RunKind[] } {
  const kinds: RunKind[] = [];
  // The package's types show the class as a factory only.
  const prototype = Reflect.get(InferenceSession, "prototype") as InferenceSession;
  const original = Reflect.get(prototype, "run") as (
    ...args: unknown[]
  ) => Promise<InferenceSession.ReturnType>;
  let isInEncoder = false;
  const spy = vi.spyOn(prototype, "run").mockImplementation(function (this: InferenceSession, ...args) {
    const kind = kindOf(this, isInEncoder);
    isInEncoder = kind === "encoder";
    kinds.push(kind);
    const result = Reflect.apply(original, this, args);
    onRun(kind);
    return result;
  });
  return { kinds, [Symbol.dispose]: () => spy.mockRestore() };
}

/** Later pieces of the encoder have no input by which to know them, but come right after the first. */
function kindOf({ inputNames }: InferenceSession, isInEncoder: boolean): RunKind {
  if (inputNames.includes("audio_values")) return "encoder";
  if (inputNames.includes("inputs_embeds")) return "decoder";
  if (inputNames.includes("input_ids")) return "embeddings";
  return isInEncoder ? "encoder" : "other";
}
