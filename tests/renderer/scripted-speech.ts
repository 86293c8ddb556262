import type { PlayerAudio } from "../../src/shared/app-contract.ts";

/** The reply of every scripted turn, cut as the speech planner would. */
export const scriptedReply =
  "The sky is blue. Air scatters the short waves of sunlight far more than the long ones.";
export const scriptedSegments = [
  "The sky is blue.",
  "Air scatters the short waves of sunlight",
  "far more than the long ones.",
];
export const scriptedTokens = scriptedReply.match(/\s*\S{1,5}/g) ?? [];

const RATE_HZ = 24_000;
const SAMPLES_PER_CHARACTER = 1500;

/** Chunks of a made-up voice for the scripted reply: every sample is different from silence, so that gaps show. */
export function scriptedChunks(turnId: string): PlayerAudio[] {
  let startSample = 0;
  let replyStart = 0;
  return scriptedSegments.map((textSource, index) => {
    replyStart = scriptedReply.indexOf(textSource, replyStart);
    const samples = textSource.length * SAMPLES_PER_CHARACTER;
    const from = startSample;
    const pcm = Float32Array.from({ length: samples }, (_, at) => {
      const seconds = (from + at) / RATE_HZ;
      return (
        0.02 + 0.1 * Math.sin(2 * Math.PI * 180 * seconds) * (0.6 + 0.4 * Math.sin(2 * Math.PI * 4 * seconds))
      );
    });
    startSample += samples;
    return {
      conversationId: "conversation-1",
      turnId,
      chunkId: `${turnId}-${index}`,
      index,
      voice: "af_heart",
      textSource,
      sampleRate: RATE_HZ,
      startSample: from,
      pcm,
      words: wordsOf(textSource),
      replyStart,
      replyEnd: replyStart + textSource.length,
      sentAtMs: performance.timeOrigin + performance.now(),
    };
  });
}

function wordsOf(text: string): PlayerAudio["words"] {
  return [...text.matchAll(/\S+/g)].map((match) => ({
    text: match[0],
    startSample: match.index * SAMPLES_PER_CHARACTER,
    endSample: (match.index + match[0].length) * SAMPLES_PER_CHARACTER,
  }));
}
