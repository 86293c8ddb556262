import type { TurnMetrics } from "../src/shared/contract.ts";

/**
 * Milliseconds inside `session.run` on the way to the first audio of a turn: encoder, prefill, the decoder steps up to
 * the first speakable segment, and the synthesis of it. What was done before the key was released is not on the way.
 * NaN for a turn without audio.
 */
export function criticalSessionMs({ firstAudioMs, spans }: TurnMetrics): number {
  const segment = spans.find(({ name }) => name === "segment");
  if (firstAudioMs === null || segment === undefined) return Number.NaN;
  return spans
    .filter(({ name, endMs }) => {
      if (endMs <= 0) return false;
      if (name === "encode" || name === "prefill") return endMs <= segment.endMs;
      // A token is given to the planner in the same breath in which its span ends.
      if (name === "decode") return endMs <= segment.endMs;
      return name === "synthesis" && endMs <= firstAudioMs;
    })
    .reduce((sum, { sessionMs = 0 }) => sum + sessionMs, 0);
}
