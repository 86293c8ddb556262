import type { GraphWriter, Shard } from "./graph-writer.ts";

/** Weights that share a scale. */
export const BLOCK = 32;
/** Standard deviation of random 4-bit weights about their middle, 8. */
const NIBBLE_DEVIATION = Math.sqrt((16 ** 2 - 1) / 12);

export interface MatMul {
  readonly name: string;
  /** Inputs and outputs of the product. */
  readonly k: number;
  readonly n: number;
  readonly shard?: Shard;
  /** Outputs that are always 0. */
  readonly isSilent?: (output: number) => boolean;
}

/**
 * `x · W` with 4-bit weights in blocks of 32, symmetric, scales of the graph's own type: `MatMulNBits` as in the repository's
 * q4 and q4f16 files.
 * Scaled so that what comes out varies as what goes in.
 */
export function matMul(graph: GraphWriter, x: string, { name, k, n, shard = 0, isSilent }: MatMul): string {
  const blocks = k / BLOCK;
  if (!Number.isInteger(blocks)) throw new Error(`${name}: ${k} inputs are no multiple of ${BLOCK}.`);
  const weights = graph.randomBits(`${name}.weight_Q4`, "uint8", [n, blocks, BLOCK / 2], shard);
  const scale = 1 / (NIBBLE_DEVIATION * Math.sqrt(k));
  const scaleOf = (index: number): number => (isSilent?.(Math.floor(index / blocks)) ? 0 : scale);
  const scales = graph.filled(`${name}.weight_scales`, [n * blocks], scaleOf, shard);
  return graph.node("com.microsoft:MatMulNBits", [x, weights, scales], {
    K: k,
    N: n,
    bits: 4,
    block_size: BLOCK,
  });
}
