import { Tensor } from "onnxruntime-node";
import type { Graph } from "../onnx-session.ts";
import { AppError } from "../../../shared/errors.ts";
import { floatsOf, toFloat32 } from "./floats.ts";

/** Up to this size the whole table is computed at load; the real model's 1.6 GB stays in its graph. */
export const WHOLE_TABLE_BYTES = 16 * 1024 * 1024;
/** Rows kept beside the graph otherwise: 4096 × 12 kB = 50 MB, more words than any conversation uses. */
const CACHED_ROWS = 4096;
/** Ids per run while the table is computed, so that no run needs more than a few megabytes. */
const TABLE_STEP = 1024;

/** Rows of the token embedding table, without a session run for those already known. */
export interface Embeddings {
  readonly hiddenSize: number;
  /** Copies the row of `id` to `target` at element `offset`. False when it has to be fetched first. */
  copyRow(id: number, target: Float32Array, offset: number): boolean;
  /** Runs the graph for those of `ids` that are unknown; returns the milliseconds this took. */
  fetch(ids: Iterable<number>): Promise<number>;
}

/** Throws AppError model-wrong when the graph has not the expected shape. */
export async function createEmbeddings(graph: Graph, vocabSize: number): Promise<Embeddings> {
  const hiddenSize = graph.outputs.get("inputs_embeds")?.shape.at(-1);
  if (!graph.inputs.has("input_ids") || typeof hiddenSize !== "number") {
    throw new AppError("model-wrong", `${graph.path} is not Voxtral's embed_tokens graph.`);
  }
  const rowsOf = async (ids: readonly number[]) => {
    const feed = new Tensor("int64", BigInt64Array.from(ids, BigInt), [1, ids.length]);
    const { outputs, sessionMs } = await graph.run({ input_ids: feed });
    return { rows: toFloat32(floatsOf(outputs["inputs_embeds"]!)), sessionMs };
  };
  if (vocabSize * hiddenSize * 4 <= WHOLE_TABLE_BYTES) {
    return wholeTable(await computeTable(vocabSize, hiddenSize, rowsOf), hiddenSize);
  }
  return cachedRows(hiddenSize, rowsOf);
}

type RowsOf = (
  ids: readonly number[],
) => Promise<{ readonly rows: Float32Array; readonly sessionMs: number }>;

async function computeTable(vocabSize: number, hiddenSize: number, rowsOf: RowsOf): Promise<Float32Array> {
  const table = new Float32Array(vocabSize * hiddenSize);
  for (let start = 0; start < vocabSize; start += TABLE_STEP) {
    const ids = Array.from({ length: Math.min(TABLE_STEP, vocabSize - start) }, (_, index) => start + index);
    table.set((await rowsOf(ids)).rows, start * hiddenSize);
  }
  return table;
}

function wholeTable(table: Float32Array, hiddenSize: number): Embeddings {
  return {
    hiddenSize,
    copyRow(id, target, offset) {
      target.set(table.subarray(id * hiddenSize, (id + 1) * hiddenSize), offset);
      return true;
    },
    fetch: () => Promise.resolve(0),
  };
}

function cachedRows(hiddenSize: number, rowsOf: RowsOf): Embeddings {
  // A Map keeps insertion order: re-inserting on use makes its first key the least recently used.
  const rows = new Map<number, Float32Array>();
  return {
    hiddenSize,
    copyRow(id, target, offset) {
      const row = rows.get(id);
      if (!row) return false;
      rows.delete(id);
      rows.set(id, row);
      target.set(row, offset);
      return true;
    },
    async fetch(ids) {
      const wanted = new Set(ids);
      const unknown = [...wanted].filter((id) => !rows.has(id));
      if (unknown.length === 0) return 0;
      const fetched = await rowsOf(unknown);
      for (const id of wanted) {
        const known = rows.get(id);
        if (!known) continue;
        rows.delete(id);
        rows.set(id, known);
      }
      for (const [index, id] of unknown.entries()) {
        rows.set(id, fetched.rows.slice(index * hiddenSize, (index + 1) * hiddenSize));
      }
      // Whatever this prompt needs stays, even when it has more different ids than rows are kept.
      for (const id of rows.keys()) {
        if (rows.size <= Math.max(CACHED_ROWS, wanted.size)) break;
        rows.delete(id);
      }
      return fetched.sessionMs;
    },
  };
}
