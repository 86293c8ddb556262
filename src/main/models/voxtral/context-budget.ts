import { AppError } from "../../../shared/errors.ts";

/**
 * After turns had to be dropped the conversation is cut down to this part of the limit, so that the following turns
 * keep one unchanged beginning, and with it their KV cache, until the limit is met again.
 */
export const REFILL_FRACTION = 0.6;

export interface ContextBudget {
  /** Positions of the model's context. */
  readonly limit: number;
  /** Positions kept free for the reply. */
  readonly reserve: number;
  /** Positions outside the exchanges: `<s>` and the instructions. */
  readonly opening: number;
}

/**
 * How many of the oldest exchanges to leave out. `sizes` are their positions in order, the question at hand last.
 * The conversation is replayed from its first turn, so the same history always gives the same answer: no state has to
 * survive a restart for the hysteresis to hold.
 * Throws AppError context-full when the last question alone does not fit.
 */
export function droppedExchanges(sizes: readonly number[], budget: ContextBudget): number {
  const room = budget.limit - budget.opening;
  const last = sizes.at(-1) ?? 0;
  if (last >= room) {
    throw new AppError(
      "context-full",
      `This question takes ${last + budget.opening} of ${budget.limit} tokens and leaves no room for an answer. Make ` +
        "it shorter.",
      { details: { positions: last + budget.opening, limit: budget.limit } },
    );
  }
  let dropped = 0;
  let used = 0;
  for (const [turn, size] of sizes.entries()) {
    used += size;
    if (used + budget.reserve <= room) continue;
    while (dropped < turn && used + budget.reserve > room * REFILL_FRACTION) used -= sizes[dropped++]!;
  }
  return dropped;
}
