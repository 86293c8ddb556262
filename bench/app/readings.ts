import { z } from "zod";

/** What the probes say to the benchmark: apart from them, since to import a probe is to run it. */

/** One block as it reached the listener: epoch milliseconds, its length, and its first sample, by which it can be known again. */
export const arrivalSchema = z.object({ atMs: z.number(), first: z.number(), samples: z.number() });
export type Arrival = z.infer<typeof arrivalSchema>;

/** Delays of timers beyond the monitor's resolution, in milliseconds. */
export const loopDelaySchema = z.object({ p50Ms: z.number(), p99Ms: z.number(), maxMs: z.number() });
export type LoopDelay = z.infer<typeof loopDelaySchema>;
