import { AppError } from "../../../shared/errors.ts";

/**
 * When earlier turns have to be left out, they are cut down to this part of what they may take beside the newest of them,
 * so that the following turns keep one unchanged beginning, and with it their KV cache, until it is full again.
 */
export const REFILL_FRACTION = 0.6;

export interface ContextBudget {
  /** Positions of the model's context. */
  readonly limit: number;
  /** Positions kept free for the reply. */
  readonly reserve: number;
  /** Positions outside the exchanges: `<s>` and the instructions. */
  readonly opening: number;
  /** How many positions earlier exchanges may take together before they slow the next one down too much. */
  readonly comfortable: number;
}

/** Positions of one exchange; `asText` when its speech can be replaced by its words. */
export interface ExchangeSize {
  readonly full: number;
  readonly asText?: number | undefined;
}

/** The first `dropped` exchanges are left out, those after them up to `asText` stand as words where these are known. */
export interface Trimming {
  readonly dropped: number;
  readonly asText: number;
}

/**
 * Which of the oldest exchanges to shorten or leave out; the question at hand is the last of `sizes`. The exchange before it
 * stays as it was spoken, unless there is no room at all; when there is too much, all others become words at once: what
 * follows a changed exchange has to be computed anew, and words are little. The conversation is replayed from its first
 * turn, so the same history always gives the same answer: no state has to survive a restart for the hysteresis to hold.
 * Throws AppError context-full when the last question alone does not fit.
 */
export function trimming(sizes: readonly ExchangeSize[], budget: ContextBudget): Trimming {
  const room = budget.limit - budget.opening;
  const last = sizes.at(-1)?.full ?? 0;
  if (last >= room) {
    throw new AppError(
      "context-full",
      `This question takes ${last + budget.opening} of ${budget.limit} tokens and leaves no room for an answer. Make ` +
        "it shorter.",
      { details: { positions: last + budget.opening, limit: budget.limit } },
    );
  }
  let dropped = 0;
  let asText = 0;
  let before = 0;
  const useWords = (until: number): void => {
    for (; asText < until; asText++) before += sizeOf(sizes[asText]!, true) - sizes[asText]!.full;
  };
  const drop = (until: number, goal: number): void => {
    for (; before > goal && dropped < until; dropped++) before -= sizeOf(sizes[dropped]!, dropped < asText);
  };
  for (const [turn, { full: question }] of sizes.entries()) {
    const free = room - question - budget.reserve;
    const full = Math.min(budget.comfortable, free);
    if (before > full) {
      useWords(turn - 1);
      const newest = sizes[turn - 1]!.full;
      if (before > full) drop(turn - 1, newest + REFILL_FRACTION * Math.max(0, full - newest));
    }
    if (before > free) useWords(turn);
    if (before > free) drop(turn, free);
    before += question;
  }
  return { dropped, asText };
}

function sizeOf({ full, asText = full }: ExchangeSize, isText: boolean): number {
  return isText ? Math.min(asText, full) : full;
}
