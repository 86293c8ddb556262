import { z } from "zod";

/** One execution provider of a model: what runs on it, or why not. */
export const providerRowSchema = z.object({
  provider: z.string(),
  /** Names of the graphs that run on it. */
  graphs: z.array(z.string()),
  /** As measured when it was tried; null when it was not, or did not get that far. */
  loadMs: z.number().nullable(),
  /** By graph: a prompt of 64 positions (decoders only), and what is done over and over, in milliseconds. */
  costs: z.record(z.string(), z.object({ prefillMs: z.number().nullable(), stepMs: z.number() })),
  /** Why it does not run everything, and what a person can do about it. */
  reason: z.string().nullable(),
  fix: z.string().nullable(),
});
export type ProviderRow = z.infer<typeof providerRowSchema>;
