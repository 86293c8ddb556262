import { z } from "zod";

/**
 * Everything that crosses to a page, a socket or a program reading `--json`. Types are inferred from the schemas and
 * written nowhere else. `tMs` counts from the end of the user's input (key release), in milliseconds.
 */

const count = z.number().int().nonnegative();
const ms = z.number();

export const spanSchema = z.object({
  name: z.string(),
  /** Milliseconds since key release; negative for what happened while the key was held. */
  startMs: ms,
  endMs: ms,
  index: count.optional(),
  sessionMs: ms.optional(),
  /** Work done ahead, during a pause before the release (R42), and what became of it. */
  speculative: z.enum(["used", "dropped"]).optional(),
});

/** What answering ahead of the release brought (R42). */
export const speculationSchema = z.object({
  /** `none`: there was no pause to use, or it is turned off. */
  outcome: z.enum(["hit", "miss", "none"]),
  /** Pauses at which it was tried. */
  attempts: count,
  /** Time before the release in which what became the answer was worked on. 0 for a miss. */
  savedMs: z.number().nonnegative(),
  /** Work that was done and dropped. */
  wastedMs: z.number().nonnegative(),
});
export type SpeculationMetrics = z.infer<typeof speculationSchema>;
export const noSpeculation: SpeculationMetrics = { outcome: "none", attempts: 0, savedMs: 0, wastedMs: 0 };

export const turnMetricsSchema = z.object({
  firstTokenMs: ms.nullable(),
  firstWordMs: ms.nullable(),
  firstAudioMs: ms.nullable(),
  interTokenMs: z.object({ p50: ms.nullable(), p95: ms.nullable(), max: ms.nullable() }),
  tokens: count,
  words: count,
  audioSeconds: z.number().nonnegative(),
  /** Synthesis time ÷ duration of the speech it made. */
  realTimeFactor: z.number().nonnegative().nullable(),
  prefillTokens: count,
  reusedTokens: count,
  /** How long the first sound waited so that later ones would not be late (R43); 0 where speech is made fast enough. */
  startGateMs: z.number().nonnegative().default(0),
  speculation: speculationSchema.default(noSpeculation),
  spans: z.array(spanSchema),
});
export type TurnMetrics = z.infer<typeof turnMetricsSchema>;

export const queueStatsSchema = z.object({
  chunks: count,
  sentChunks: count,
  droppedChunks: count,
  samples: count,
  /** Samples the player has acknowledged as played. */
  playedSamples: count,
  /** Times the player ran dry before the reply ended. */
  underruns: count,
  voice: z.string().nullable(),
  /** False as soon as a chunk of another voice was offered (it is refused). */
  voiceConsistent: z.boolean(),
  queueLatencyMs: z.object({ p50: ms.nullable(), max: ms.nullable() }),
  sendLatencyMs: z.object({ p50: ms.nullable(), max: ms.nullable() }),
});
export type QueueStats = z.infer<typeof queueStatsSchema>;

const turnId = z.string();

export const turnEventSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("turn-started"), turnId }),
  z.object({
    type: z.literal("token"),
    turnId,
    index: count,
    id: count,
    text: z.string(),
    tMs: ms,
    /** Null for the first token. */
    sincePreviousMs: ms.nullable(),
  }),
  z.object({ type: z.literal("segment"), turnId, index: count, text: z.string(), tMs: ms }),
  z.object({
    type: z.literal("audio"),
    turnId,
    chunkId: z.string(),
    index: count,
    voice: z.string(),
    textSource: z.string(),
    sampleRate: z.number().int().positive(),
    samples: count,
    startSample: count,
    tMs: ms,
  }),
  z.object({
    type: z.literal("turn-finished"),
    turnId,
    outcome: z.enum(["completed", "interrupted", "failed"]),
    /** What the user got: the whole reply, or as much of it as was heard. */
    reply: z.string(),
    error: z.object({ code: z.string(), message: z.string() }).optional(),
    metrics: turnMetricsSchema,
    queue: queueStatsSchema,
  }),
]);
export type TurnEvent = z.infer<typeof turnEventSchema>;
