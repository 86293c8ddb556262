/** Stages of a turn, in the order a turn usually meets them. One turn may hold many spans of one name. */
export const spanNames = [
  "capture", // key down → key up
  "mel", // log-mel work that was left when the key was released
  "encode", // audio encoder session
  "prefill", // decoder session over the prompt
  "decode", // one decoder step and its token
  "segment", // first token → first speakable segment
  "phonemes",
  "synthesis", // Kokoro session
  "queue", // chunk ready → chunk given to the transport
  "transport", // sent → received by the player
  "heard", // first sample received → first sample heard
] as const;

export type SpanName = (typeof spanNames)[number];

/** A measured interval in epoch milliseconds (see Clock): comparable between the processes of one machine. */
export interface Span {
  readonly name: SpanName;
  readonly startMs: number;
  readonly endMs: number;
  /** Token index, chunk index or window index where the stage repeats. */
  readonly index?: number;
  /** The part of the span spent inside `session.run`, for the overhead ratio. */
  readonly sessionMs?: number;
  /** Work done ahead, during a pause before the release (R42), and what became of it. */
  readonly speculative?: "used" | "dropped";
}

/** The reference pipeline's targets in milliseconds (reference-pipeline.md, R6). */
export const latencyTargets = {
  firstTokenMs: 100,
  firstWordMs: 200,
  firstAudioMs: 400,
  interTokenMs: 50,
} as const;

/** Nearest-rank percentile of `values`; `fraction` in [0, 1]. NaN for an empty list. */
export function percentile(values: readonly number[], fraction: number): number {
  if (values.length === 0) return Number.NaN;
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(fraction * sorted.length) - 1))]!;
}

/** Milliseconds before `untilMs` that `spans` cover between them; what overlaps counts once. */
export function coveredMs(spans: readonly Pick<Span, "startMs" | "endMs">[], untilMs: number): number {
  let sumMs = 0;
  let reachedMs = Number.NEGATIVE_INFINITY;
  for (const { startMs, endMs } of [...spans].sort((a, b) => a.startMs - b.startMs)) {
    const fromMs = Math.max(startMs, reachedMs);
    const toMs = Math.min(endMs, untilMs);
    if (toMs <= fromMs) continue;
    sumMs += toMs - fromMs;
    reachedMs = toMs;
  }
  return sumMs;
}
