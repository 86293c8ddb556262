import { findGraph } from "../model-folder.ts";
import type { GraphFile } from "../model-folder.ts";
import type { LoadParams } from "../services.ts";

/**
 * Kokoro's one graph. The processor's order of precisions for every provider: half precision is what graphics drivers get
 * wrong in Kokoro (onnxruntime#29807), and its 82 M weights are no burden. Throws as `findGraph`.
 */
export function kokoroFile({ modelDir, dtype }: Pick<LoadParams, "modelDir" | "dtype">): GraphFile {
  return findGraph(modelDir, "model", { dtype, provider: "cpu" });
}
