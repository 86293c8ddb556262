import { AppError } from "../../../shared/errors.ts";
import type { Sampling } from "../services.ts";

/** Chooses the next id from the logits of one position. */
export interface Sampler {
  /** `logits` has one value a vocabulary entry and may be changed by the call. */
  next(logits: Float32Array): number;
  /** Takes over an id that was chosen before, by a sampler of the same seed. */
  took(id: number): void;
}

/**
 * Order of operations as in transformers: repetition penalty, temperature, top-k, top-p, min-p. The penalty looks at
 * the reply's own ids only, since the question's words are no repetition of the assistant's. Ties go to the lower id.
 * Throws AppError bad-input for values outside their ranges.
 */
export function createSampler(sampling: Sampling, random: () => number = randomFrom(sampling.seed)): Sampler {
  validate(sampling);
  const used = new Set<number>();
  return {
    next(logits) {
      if (sampling.repetitionPenalty !== 1) penalise(logits, used, sampling.repetitionPenalty);
      const best = argmax(logits);
      const id = sampling.temperature === 0 ? best : draw(logits, logits[best]!, sampling, random());
      used.add(id);
      return id;
    },
    took(id) {
      if (sampling.temperature !== 0) random();
      used.add(id);
    },
  };
}

/** Index of the largest value; NaN never wins. Throws AppError internal when there is none. */
export function argmax(values: Float32Array): number {
  let best = -1;
  let bestValue = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < values.length; index++) {
    if (values[index]! > bestValue) {
      bestValue = values[index]!;
      best = index;
    }
  }
  if (best < 0) {
    throw new AppError("internal", "The model returned no usable scores. Choose another execution provider.");
  }
  return best;
}

/**
 * One draw from softmax(logits / temperature) after top-k, top-p and min-p; `fraction` in [0, 1).
 * Only entries that can still be chosen enter a heap, and only those kept are taken from it: with the usual sharp
 * distributions a handful of 131 072.
 */
export function draw(logits: Float32Array, maximum: number, sampling: Sampling, fraction: number): number {
  const { temperature, topK, topP, minP } = sampling;
  const weightOf = (index: number): number => Math.exp((logits[index]! - maximum) / temperature);
  const ids: number[] = [];
  const weights: number[] = [];
  let total = 0;
  for (let index = 0; index < logits.length; index++) {
    const weight = weightOf(index);
    if (!(weight > 0)) continue;
    total += weight;
    ids.push(index);
    weights.push(weight);
  }
  if (topK === 0 && topP === 1 && minP === 0) return pick(ids, weights, total, fraction);

  const floor = floorOf(sampling, total, logits.length);
  const heap = new CandidateHeap(ids, weights, floor);
  const limit = topK === 0 ? Number.POSITIVE_INFINITY : topK;
  const kept: number[] = [];
  const keptWeights: number[] = [];
  // Top-p refers to what top-k left, so its total is only known once top-k has been taken.
  const cap = topK === 0 ? total * topP : Number.POSITIVE_INFINITY;
  let keptTotal = 0;
  while (kept.length < limit && keptTotal < cap && heap.size > 0) {
    const { id, weight } = heap.pop();
    kept.push(id);
    keptWeights.push(weight);
    keptTotal += weight;
  }
  if (topK > 0 && topP < 1) keptTotal = shorten(kept, keptWeights, keptTotal * topP);
  while (kept.length > 1 && keptWeights.at(-1)! < minP) {
    kept.pop();
    keptTotal -= keptWeights.pop()!;
  }
  return pick(kept, keptWeights, keptTotal, fraction);
}

/** The weight below which an entry can neither be chosen nor count. */
function floorOf({ topK, topP, minP }: Sampling, total: number, entries: number): number {
  if (topP === 1) return minP;
  // After top-k, top-p is a share of what top-k left: there the lightest of the k counts as well.
  if (topK > 0) return 0;
  // Everything lighter than (1 - topP) / n together weighs less than the tail that top-p cuts off.
  return ((1 - topP) * total) / entries;
}

/** Keeps the shortest beginning that weighs at least `cap`; returns its weight. */
function shorten(ids: number[], weights: number[], cap: number): number {
  let total = 0;
  let count = 0;
  while (count < ids.length && (count === 0 || total < cap)) total += weights[count++]!;
  ids.length = count;
  weights.length = count;
  return total;
}

function pick(ids: readonly number[], weights: readonly number[], total: number, fraction: number): number {
  let left = fraction * total;
  for (const [index, weight] of weights.entries()) {
    left -= weight;
    if (left < 0) return ids[index]!;
  }
  return ids.at(-1)!;
}

/** A binary heap: heaviest first, lower id first among equals. Building it is linear. */
class CandidateHeap {
  readonly #ids: number[] = [];
  readonly #weights: number[] = [];

  constructor(ids: readonly number[], weights: readonly number[], floor: number) {
    for (const [index, weight] of weights.entries()) {
      if (weight < floor) continue;
      this.#ids.push(ids[index]!);
      this.#weights.push(weight);
    }
    for (let at = (this.size >> 1) - 1; at >= 0; at--) this.#sink(at);
  }

  get size(): number {
    return this.#ids.length;
  }

  pop(): { readonly id: number; readonly weight: number } {
    const top = { id: this.#ids[0]!, weight: this.#weights[0]! };
    const id = this.#ids.pop()!;
    const weight = this.#weights.pop()!;
    if (this.size > 0) {
      this.#ids[0] = id;
      this.#weights[0] = weight;
      this.#sink(0);
    }
    return top;
  }

  #sink(start: number): void {
    let at = start;
    for (;;) {
      let first = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < this.size && this.#isBefore(child, first)) first = child;
      }
      if (first === at) return;
      [this.#ids[at], this.#ids[first]] = [this.#ids[first]!, this.#ids[at]!];
      [this.#weights[at], this.#weights[first]] = [this.#weights[first]!, this.#weights[at]!];
      at = first;
    }
  }

  #isBefore(one: number, other: number): boolean {
    const difference = this.#weights[one]! - this.#weights[other]!;
    return difference === 0 ? this.#ids[one]! < this.#ids[other]! : difference > 0;
  }
}

/** Keskar et al. 2019: positive scores are divided, negative ones multiplied, so that both fall. */
function penalise(logits: Float32Array, used: ReadonlySet<number>, penalty: number): void {
  for (const id of used) {
    const logit = logits[id]!;
    logits[id] = logit > 0 ? logit / penalty : logit * penalty;
  }
}

function validate(sampling: Sampling): void {
  const { temperature, topK, topP, minP, repetitionPenalty } = sampling;
  const isValid =
    temperature >= 0 &&
    Number.isFinite(temperature) &&
    Number.isInteger(topK) &&
    topK >= 0 &&
    topP > 0 &&
    topP <= 1 &&
    minP >= 0 &&
    minP <= 1 &&
    repetitionPenalty > 0 &&
    Number.isFinite(repetitionPenalty);
  if (!isValid) {
    throw new AppError(
      "bad-input",
      "Sampling needs temperature ≥ 0, a whole topK ≥ 0, topP in (0, 1], minP in [0, 1] and repetitionPenalty > 0.",
      { details: { temperature, topK, topP, minP, repetitionPenalty } },
    );
  }
}

/** Uniform numbers in [0, 1): mulberry32 (Tommy Ettinger, public domain) when seeded, else the runtime's own. */
function randomFrom(seed: number | undefined): () => number {
  if (seed === undefined) return Math.random;
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}
