import { z } from "zod";

export const realProviderSchema = z.enum(["cpu", "webgpu", "cuda", "tensorrt", "dml", "coreml"]);

/** What runs of one graph cost, warm, in milliseconds. */
const graphCostSchema = z.object({
  /** A prompt of `PROBE_PROMPT` positions; decoders only. */
  prefillMs: z.number().nonnegative().nullable(),
  /** What is done over and over: a decode step, a window of audio, a sentence of speech. */
  stepMs: z.number().nonnegative(),
});
export type GraphCost = z.infer<typeof graphCostSchema>;

/** What came of trying a provider on a model; kept, so that it is not tried again. */
export const outcomeSchema = z.object({
  provider: realProviderSchema,
  /**
   * `works`: computes what the CPU computes; `wrong`: something else; `refused`: said so itself; `crashed`: took its
   * process with it; `hung`: did not finish in time.
   */
  verdict: z.enum(["works", "wrong", "refused", "crashed", "hung"]),
  /** Why it does not work; null when it does. */
  reason: z.string().nullable(),
  loadMs: z.number().nonnegative().nullable(),
  /** By graph, where it got that far. */
  costs: z.record(z.string(), graphCostSchema),
});
export type Outcome = z.infer<typeof outcomeSchema>;

/** Positions of the prompt that a decoder is probed with. */
export const PROBE_PROMPT = 64;

/** Tokens of a spoken reply's first sentence or two: how a decoder's steps weigh against its prompt. */
const REPLY_TOKENS = 24;

/** Milliseconds by which providers are compared for a graph. */
export function costOf({ prefillMs, stepMs }: GraphCost): number {
  return prefillMs === null ? stepMs : prefillMs + REPLY_TOKENS * stepMs;
}
