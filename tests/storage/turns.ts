import { noSpeculation } from "../../src/shared/contract.ts";
import type { LatencyRecord } from "../../src/shared/app-contract.ts";
import type { NewTurn } from "../../src/main/storage/history.ts";

export function newTurn(id: string, conversationId: string, changes: Partial<NewTurn> = {}): NewTurn {
  return {
    id,
    conversationId,
    createdAtMs: 1_000,
    input: "text",
    userText: "what is the capital of france",
    userAudioMs: null,
    reply: "The capital of France is Paris.",
    outcome: "completed",
    errorMessage: null,
    voice: "af_heart",
    tokenIds: [1, 2, 131_071],
    model: "nano",
    userAudio: null,
    ...changes,
  };
}

export function latencyRecord(turnId: string, changes: Partial<LatencyRecord> = {}): LatencyRecord {
  return {
    turnId,
    conversationId: "c1",
    atMs: Date.UTC(2026, 0, 1),
    input: "voice",
    outcome: "completed",
    model: "nano",
    provider: "cpu",
    speechProvider: "cpu",
    dtype: "fp32",
    isCold: false,
    userAudioMs: 1500,
    metrics: {
      firstTokenMs: 61.5,
      firstWordMs: 70,
      firstAudioMs: 180,
      interTokenMs: { p50: 8, p95: 11, max: 14 },
      tokens: 20,
      words: 9,
      audioSeconds: 2.5,
      realTimeFactor: 0.2,
      prefillTokens: 400,
      reusedTokens: 0,
      startGateMs: 0,
      speculation: noSpeculation,
      spans: [
        { name: "capture", startMs: -1500, endMs: 0 },
        { name: "encode", startMs: 1, endMs: 31, index: 0, sessionMs: 29 },
        { name: "heard", startMs: 190, endMs: 205 },
      ],
    },
    queue: {
      chunks: 2,
      sentChunks: 2,
      droppedChunks: 0,
      samples: 60_000,
      playedSamples: 60_000,
      underruns: 0,
      voice: "af_heart",
      voiceConsistent: true,
      queueLatencyMs: { p50: 1, max: 2 },
      sendLatencyMs: { p50: 1, max: 2 },
    },
    keyToSoundMs: 205,
    outputLatencyMs: 12,
    interruptToSilenceMs: null,
    endToSoundMs: null,
    transportMs: 3,
    ...changes,
  };
}
