/** Sizes of a Voxtral: names as in its config.json. */
export interface VoxtralScale {
  readonly layers: number;
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headSize: number;
  readonly vocabulary: number;
  /** Positions of the context: rows of the rotary tables. */
  readonly positions: number;
  readonly encoderLayers: number;
  readonly encoderSize: number;
  readonly encoderHeads: number;
}

/** By name. `3b` is Voxtral-Mini-3B-2507 (its config.json); the others keep its proportions. */
export const scales = {
  ci: {
    layers: 2,
    hiddenSize: 192,
    intermediateSize: 512,
    heads: 6,
    kvHeads: 2,
    headSize: 32,
    vocabulary: 1024,
    positions: 4096,
    encoderLayers: 2,
    encoderSize: 128,
    encoderHeads: 4,
  },
  "300m": {
    layers: 12,
    hiddenSize: 1536,
    intermediateSize: 4096,
    heads: 16,
    kvHeads: 4,
    headSize: 128,
    vocabulary: 32_768,
    positions: 8192,
    encoderLayers: 8,
    encoderSize: 640,
    encoderHeads: 10,
  },
  "1b": {
    layers: 20,
    hiddenSize: 2048,
    intermediateSize: 6144,
    heads: 16,
    kvHeads: 8,
    headSize: 128,
    vocabulary: 65_536,
    positions: 32_768,
    encoderLayers: 16,
    encoderSize: 1024,
    encoderHeads: 16,
  },
  "3b": {
    layers: 30,
    hiddenSize: 3072,
    intermediateSize: 8192,
    heads: 32,
    kvHeads: 8,
    headSize: 128,
    vocabulary: 131_072,
    positions: 131_072,
    encoderLayers: 32,
    encoderSize: 1280,
    encoderHeads: 20,
  },
} as const satisfies Record<string, VoxtralScale>;

/** Throws an Error with the names there are. */
export function scaleNamed(name: string): VoxtralScale {
  const found = Object.entries(scales).find(([known]) => known === name);
  if (found) return found[1];
  throw new Error(`There is no scale ${name}; take ${Object.keys(scales).join(", ")}.`);
}

/** Weights of the decoder without embeddings and lm_head: what every step multiplies with, beside the lm_head. */
export function decoderParameters(scale: VoxtralScale): number {
  const { layers, hiddenSize, intermediateSize, heads, kvHeads, headSize } = scale;
  const attention = 2 * hiddenSize * headSize * (heads + kvHeads);
  return layers * (attention + 3 * hiddenSize * intermediateSize);
}
