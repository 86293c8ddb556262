import { readdirSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/**
 * Up to this many bytes of graph and weights `auto` stays on the CPU: such a graph finishes there before a GPU has been
 * handed its hundreds of kernels (the demo decoder's step is 1–2 ms on one core).
 */
export const SMALL_GRAPH_BYTES = 64 * 1024 * 1024;

/** Bytes of a graph file and of its external weights (`<name>.onnx_data`, `_data_1` …) beside it. 0 if absent. */
export function graphBytes(path: string): number {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) return 0;
  const name = basename(path);
  const data = readdirSync(dirname(path)).filter((file) => file.startsWith(`${name}_data`));
  return data.reduce((sum, file) => sum + statSync(join(dirname(path), file)).size, stat.size);
}
