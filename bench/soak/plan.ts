/** How a question is asked. By key and by voice it is spoken into the microphone. */
export type AskedBy = "text" | "sample" | "key" | "voice";

/** When the next question is asked: when all is quiet, or in the middle of the answer before. */
export type AskedWhen =
  | { readonly type: "idle" }
  /** Before anything is heard: after so many of its tokens (0: at once). */
  | { readonly type: "thinking"; readonly tokens: number }
  /** When this many chunks of it have arrived, and this much of the last one was played, in [0, 1]. */
  | { readonly type: "speaking"; readonly chunks: number; readonly played: number };

export interface SoakStep {
  readonly by: AskedBy;
  readonly when: AskedWhen;
  /** Which of the questions. */
  readonly question: number;
  /** Says "mm-hm" over the answer that follows. */
  readonly isMurmured: boolean;
}

/** A sequence in [0, 1) that is the same for every run with this seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * A random conversation: `turns` questions that wait for quiet, and `interruptions` that do not, half by key and half by
 * voice, in random order.
 */
export function soakPlan(turns: number, interruptions: number, seed: number): SoakStep[] {
  const random = seeded(seed);
  const pick = (count: number): number => Math.floor(random() * count);
  const steps: SoakStep[] = [];
  let quiet = turns;
  let cutting = interruptions;
  while (quiet + cutting > 0) {
    // Nothing runs before the first.
    const isQuiet = steps.length === 0 || pick(quiet + cutting) < quiet;
    if (isQuiet) quiet--;
    else cutting--;
    steps.push({
      by: isQuiet ? (["text", "sample", "key", "voice"] as const)[pick(4)]! : pick(2) === 0 ? "key" : "voice",
      when: isQuiet ? { type: "idle" } : interruption(random, pick),
      question: pick(1_000),
      isMurmured: isQuiet && pick(5) === 0,
    });
  }
  return steps;
}

function interruption(random: () => number, pick: (count: number) => number): AskedWhen {
  if (pick(4) === 0) return { type: "thinking", tokens: pick(4) };
  return { type: "speaking", chunks: 1 + pick(2), played: random() };
}
