import type { Tensor } from "onnxruntime-node";
import type { TensorInfo } from "../onnx-session.ts";
import { AppError } from "../../../shared/errors.ts";
import { floatTensor, floatsOf, isFloatType, newFloats } from "./floats.ts";
import type { FloatArray, FloatType } from "./floats.ts";

/**
 * What stands at a position of the context: a token id, or (negative) one position of one encoded audio window.
 * Equal numbers mean equal keys and values, so a common beginning can be reused.
 */
export type Position = number;

/** Shape of a decoder's cache, read from its session. */
export interface KvLayout {
  /** `past_key_values.N.key` and `.value`, with the output that follows each. */
  readonly entries: readonly { readonly past: string; readonly present: string }[];
  readonly heads: number;
  readonly headSize: number;
  readonly type: FloatType;
  /** The graph hands back only the rows it has computed, and takes caches with room behind what is in them. */
  readonly givesNewRows: boolean;
}

/** Shortens device-resident caches; undefined where they can only be computed again. */
export type DeviceTruncate = (
  tensors: ReadonlyMap<string, Tensor>,
  length: number,
) => Promise<ReadonlyMap<string, Tensor>>;

const PAST = /^past_key_values\.(\d+)\.(key|value)$/;

/**
 * Positions that a cache has room for beyond what it holds, at least, when it is made larger. The runtime copies the room
 * with the rest in every step, and making it larger copies everything once: few positions are best, and 64 cost a
 * hundredth of a step for either (`npm run bench:size`).
 */
const ROOM_POSITIONS = 64;

/**
 * Reads the cache's layout; `givesNewRows`: see KvLayout. Throws AppError model-wrong when the graph is not a merged
 * decoder with a cache.
 */
export function kvLayout(
  inputs: ReadonlyMap<string, TensorInfo>,
  outputs: ReadonlyMap<string, TensorInfo>,
  givesNewRows = false,
): KvLayout {
  const pasts = [...inputs.values()].filter(({ name }) => PAST.test(name));
  const first = pasts[0];
  const [, heads, , headSize] = first?.shape ?? [];
  if (!first || typeof heads !== "number" || typeof headSize !== "number" || !isFloatType(first.type)) {
    throw new AppError("model-wrong", "The decoder graph has no key-value cache that Parley can use.");
  }
  const entries = pasts.map(({ name }) => ({
    past: name,
    present: name.replace("past_key_values", "present"),
  }));
  const missing = entries.filter(({ present }) => !outputs.has(present));
  if (missing.length > 0) {
    throw new AppError("model-wrong", `The decoder graph lacks the output ${missing[0]!.present}.`);
  }
  return { entries, heads, headSize, type: first.type, givesNewRows };
}

/**
 * Keys and values of the positions computed so far. Every run takes the tensors as `past_key_values.*`. It hands back
 * longer ones, which replace them, and then nothing is copied here except on `truncate`; or only its own rows, which are
 * added in place, and then forgetting costs nothing.
 */
export class KvCache {
  readonly layout: KvLayout;
  readonly #deviceTruncate: DeviceTruncate | undefined;
  readonly #positions: Position[] = [];
  #tensors: ReadonlyMap<string, Tensor> = new Map();

  constructor(layout: KvLayout, deviceTruncate?: DeviceTruncate) {
    this.layout = layout;
    this.#deviceTruncate = deviceTruncate;
    this.clear();
  }

  get length(): number {
    return this.#positions.length;
  }

  /** What each cached position holds, oldest first. */
  get tokens(): readonly Position[] {
    return this.#positions;
  }

  /** Bytes of one position in all layers. */
  get bytesPerPosition(): number {
    const { entries, heads, headSize, type } = this.layout;
    return entries.length * heads * headSize * (type === "float32" ? 4 : 2);
  }

  /** Whether what is cached lies in device memory; false while nothing is. */
  get isOnDevice(): boolean {
    const [first] = this.#tensors.values();
    return first?.location === "gpu-buffer";
  }

  /** The tensors by input name, for the next run. */
  get tensors(): ReadonlyMap<string, Tensor> {
    return this.#tensors;
  }

  /** How many positions at the beginning are the same as in `positions`. */
  commonPrefix(positions: readonly Position[]): number {
    const end = Math.min(positions.length, this.length);
    let at = 0;
    while (at < end && positions[at] === this.#positions[at]) at++;
    return at;
  }

  /** Takes over the `present.*` outputs of a run that computed `added` after the cached positions. */
  append(outputs: Readonly<Record<string, Tensor>>, added: readonly Position[]): void {
    if (this.layout.givesNewRows) this.#addRows(outputs, added.length);
    else {
      const next = new Map<string, Tensor>();
      for (const { past, present } of this.layout.entries) next.set(past, outputs[present]!);
      this.#replace(next);
    }
    for (const position of added) this.#positions.push(position);
  }

  /**
   * Forgets everything after the first `length` positions. On the CPU a strided copy of what stays; on a device a slice
   * there, or, where none could be made, the whole cache is dropped and the caller computes it again.
   */
  async truncate(length: number): Promise<void> {
    if (length >= this.length) return;
    if (length === 0) {
      this.clear();
      return;
    }
    // Rows beyond are written over by what comes next, and the mask keeps the graph from them until then.
    if (!this.layout.givesNewRows) await this.#shorten(length);
    // It may have been dropped altogether.
    this.#positions.length = Math.min(this.#positions.length, length);
  }

  async #shorten(length: number): Promise<void> {
    if (this.isOnDevice) {
      if (!this.#deviceTruncate) {
        this.clear();
        return;
      }
      this.#replace(await this.#deviceTruncate(this.#tensors, length));
    } else {
      const { heads, headSize } = this.layout;
      const shortened = new Map<string, Tensor>();
      for (const [name, tensor] of this.#tensors) {
        const values = firstPositions(floatsOf(tensor), { heads, headSize, from: this.length, to: length });
        shortened.set(name, floatTensor(values, [1, heads, length, headSize]));
      }
      this.#replace(shortened);
    }
  }

  /** Forgets everything. */
  clear(): void {
    const { entries, heads, headSize, type } = this.layout;
    const empty = new Map<string, Tensor>();
    for (const { past } of entries) empty.set(past, floatTensor(newFloats(type, 0), [1, heads, 0, headSize]));
    this.#replace(empty);
    this.#positions.length = 0;
  }

  #addRows(outputs: Readonly<Record<string, Tensor>>, count: number): void {
    const { entries, heads, headSize } = this.layout;
    const needed = this.length + count;
    if (needed > this.#capacity) this.#grow(needed + ROOM_POSITIONS);
    const rowLength = count * headSize;
    for (const { past, present } of entries) {
      const kept = floatsOf(this.#tensors.get(past)!);
      const rows = floatsOf(outputs[present]!);
      for (let head = 0; head < heads; head++) {
        const at = (head * this.#capacity + this.length) * headSize;
        kept.set(rows.subarray(head * rowLength, (head + 1) * rowLength), at);
      }
    }
  }

  /** How many positions the tensors have room for. */
  get #capacity(): number {
    const [first] = this.#tensors.values();
    return first?.dims[2] ?? 0;
  }

  #grow(capacity: number): void {
    const { heads, headSize, type } = this.layout;
    const larger = new Map<string, Tensor>();
    for (const [name, tensor] of this.#tensors) {
      const values = newFloats(type, heads * capacity * headSize);
      const old = floatsOf(tensor);
      const length = this.length * headSize;
      for (let head = 0; head < heads; head++) {
        const from = head * this.#capacity * headSize;
        values.set(old.subarray(from, from + length), head * capacity * headSize);
      }
      larger.set(name, floatTensor(values, [1, heads, capacity, headSize]));
    }
    this.#tensors = larger;
  }

  #replace(tensors: ReadonlyMap<string, Tensor>): void {
    // Device buffers are freed by hand; memory tensors have nothing to free.
    if (this.isOnDevice) for (const tensor of this.#tensors.values()) tensor.dispose();
    this.#tensors = tensors;
  }
}

interface Shortening {
  readonly heads: number;
  readonly headSize: number;
  readonly from: number;
  readonly to: number;
}

/** [1, heads, from, headSize] → [1, heads, to, headSize], each head's beginning in one copy. */
function firstPositions(values: FloatArray, { heads, headSize, from, to }: Shortening): FloatArray {
  const kept = newFloats(values instanceof Float32Array ? "float32" : "float16", heads * to * headSize);
  for (let head = 0; head < heads; head++) {
    const start = head * from * headSize;
    kept.set(values.subarray(start, start + to * headSize), head * to * headSize);
  }
  return kept;
}
