/** A decoder's size, from config.json's `text_config` (Llama: gated feed-forward, grouped keys and values). */
export interface DecoderShape {
  readonly layers: number;
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headSize: number;
}

/**
 * A multiplication in attention takes longer than one with weights: 1.46 times on one core of the demo decoder
 * (prefill of 376 behind 0 to 3 200 positions: 26 ms for the weights, 33 ms for every thousand positions looked back on).
 */
const ATTENTION_COST = 1.5;

/** Work of a piece of a prompt: as much as a piece of the encoder has, about 10 ms on two cores of a small machine. */
export const PIECE_PRODUCTS = 4e8;

/** What a position costs, in multiplications with weights. The same on every machine, so that prompts are cut the same. */
export class DecoderWork {
  /** Products with the weights of all layers. */
  readonly perPosition: number;
  /** What is added for each position of the context that is looked back on. */
  readonly perPositionBefore: number;

  constructor({ layers, hiddenSize, intermediateSize, heads, kvHeads, headSize }: DecoderShape) {
    const attention = hiddenSize * headSize * (2 * heads + 2 * kvHeads);
    this.perPosition = layers * (attention + 3 * hiddenSize * intermediateSize);
    this.perPositionBefore = ATTENTION_COST * layers * 2 * heads * headSize;
  }

  /** How many positions behind `before` others cost `products` together, to a power of two, at least `least`. */
  positionsFor(products: number, before: number, least: number): number {
    const affordable = products / (this.perPosition + this.perPositionBefore * before);
    return affordable <= least ? least : 2 ** Math.floor(Math.log2(affordable));
  }

  /**
   * How far the context may reach back so that computing `count` positions costs at most `growth` times as much as behind
   * `count` others: the prompt of a second turn.
   */
  contextFor(count: number, growth: number): number {
    // Each new position also looks back on the new ones before it: half of them on average.
    const share = this.perPosition / this.perPositionBefore + count / 2;
    return Math.floor(growth * (share + count) - share);
  }
}
