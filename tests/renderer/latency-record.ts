import type { LatencyRecord } from "../../src/shared/app-contract.ts";
import { noSpeculation, type TurnMetrics } from "../../src/shared/contract.ts";

type Changes = Partial<Omit<LatencyRecord, "metrics" | "queue">> & {
  readonly metrics?: Partial<TurnMetrics>;
  readonly queue?: Partial<LatencyRecord["queue"]>;
};

/** A plausible turn for tests, with what a test is about put in its place. */
export function latencyRecord({ metrics, queue, ...changes }: Changes = {}): LatencyRecord {
  return {
    turnId: "turn-1",
    conversationId: "conversation-1",
    atMs: 1_700_000_000_000,
    input: "voice",
    outcome: "completed",
    model: "nano",
    provider: "cpu",
    speechProvider: "cpu",
    dtype: "fp32",
    isCold: false,
    userAudioMs: 1800,
    keyToSoundMs: 210,
    outputLatencyMs: 12,
    transportMs: 2,
    interruptToSilenceMs: null,
    endToSoundMs: null,
    ...changes,
    metrics: {
      firstTokenMs: 61,
      firstWordMs: 74,
      firstAudioMs: 182,
      interTokenMs: { p50: 11, p95: 14, max: 18 },
      tokens: 24,
      words: 18,
      audioSeconds: 5.2,
      realTimeFactor: 0.21,
      prefillTokens: 120,
      reusedTokens: 380,
      startGateMs: 0,
      speculation: noSpeculation,
      spans: [],
      ...metrics,
    },
    queue: {
      chunks: 3,
      sentChunks: 3,
      droppedChunks: 0,
      samples: 124_800,
      playedSamples: 124_800,
      underruns: 0,
      voice: "af_heart",
      voiceConsistent: true,
      queueLatencyMs: { p50: 0.4, max: 1.1 },
      sendLatencyMs: { p50: 0.2, max: 0.6 },
      ...queue,
    },
  };
}
