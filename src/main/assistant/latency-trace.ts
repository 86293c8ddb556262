import { noSpeculation, type SpeculationMetrics, type TurnMetrics } from "../../shared/contract.ts";
import { coveredMs, percentile, type Span } from "../../shared/metrics.ts";
import { wordsOf } from "./speech-planner.ts";

/** Everything that was measured of one turn, from all processes, in epoch milliseconds. */
export class LatencyTrace {
  /** End of the input: key release, or the moment a text was sent. Every `tMs` counts from here. */
  readonly releasedAtMs: number;
  readonly #spans: Span[] = [];
  readonly #tokenTimes: number[] = [];
  #firstWordMs: number | null = null;
  #firstSegmentMs: number | null = null;
  #firstAudioMs: number | null = null;
  #audioSeconds = 0;
  #startGateMs = 0;
  #speculation: { readonly attempts: number; readonly isHit: boolean } | undefined;
  #prefill = { prefillTokens: 0, reusedTokens: 0 };
  #reply = "";

  constructor(releasedAtMs: number) {
    this.releasedAtMs = releasedAtMs;
  }

  /** Milliseconds since the release. */
  since(atMs: number): number {
    return atMs - this.releasedAtMs;
  }

  add(...spans: readonly Span[]): void {
    this.#spans.push(...spans);
  }

  prefilled(prefillTokens: number, reusedTokens: number): void {
    this.#prefill = { prefillTokens, reusedTokens };
  }

  /** The answer was prepared in pauses so many times, and what was prepared last was right or not. */
  speculated(attempts: number, isHit: boolean): void {
    this.#speculation = { attempts, isHit };
  }

  /** The first chunk waited so long for a start after which nothing would be late. */
  gated(waitedMs: number): void {
    this.#startGateMs = waitedMs;
  }

  /** A token and its text exist. Returns the time since the one before, null for the first. */
  token(text: string, atMs: number): number | null {
    const previousMs = this.#tokenTimes.at(-1);
    this.#tokenTimes.push(atMs);
    this.#reply += text;
    // A word is complete when something that is not part of it follows.
    if (this.#firstWordMs === null && /[\p{L}\p{N}][^\p{L}\p{N}'’]/u.test(this.#reply)) {
      this.#firstWordMs = this.since(atMs);
    }
    return previousMs === undefined ? null : atMs - previousMs;
  }

  /** The reply is complete: a reply of one bare word has its first word now. */
  replied(atMs: number): void {
    if (this.#firstWordMs === null && wordsOf(this.#reply).length > 0) this.#firstWordMs = this.since(atMs);
  }

  /** A segment is ready to be spoken. */
  segment(atMs: number): void {
    if (this.#firstSegmentMs !== null) return;
    this.#firstSegmentMs = this.since(atMs);
    this.add({ name: "segment", startMs: this.#tokenTimes[0] ?? atMs, endMs: atMs, index: 0 });
  }

  /** A chunk went to the player. */
  audio(atMs: number, seconds: number): void {
    this.#firstAudioMs ??= this.since(atMs);
    this.#audioSeconds += seconds;
  }

  /** `reply` is what the user got; the words counted are those that were generated. */
  metrics(): TurnMetrics {
    const gaps = this.#tokenTimes.slice(1).map((atMs, i) => atMs - this.#tokenTimes[i]!);
    const synthesisMs = this.#spans
      .filter((span) => span.name === "synthesis")
      .reduce((sum, span) => sum + span.endMs - span.startMs, 0);
    const spans = this.#spans
      .map(({ name, startMs, endMs, ...rest }) => ({
        name,
        startMs: this.since(startMs),
        endMs: this.since(endMs),
        ...rest,
      }))
      .sort((a, b) => a.startMs - b.startMs);
    const first = this.#tokenTimes[0];
    return {
      firstTokenMs: first === undefined ? null : this.since(first),
      firstWordMs: this.#firstWordMs,
      firstAudioMs: this.#firstAudioMs,
      interTokenMs:
        gaps.length === 0
          ? { p50: null, p95: null, max: null }
          : { p50: percentile(gaps, 0.5), p95: percentile(gaps, 0.95), max: Math.max(...gaps) },
      tokens: this.#tokenTimes.length,
      words: wordsOf(this.#reply).length,
      audioSeconds: this.#audioSeconds,
      realTimeFactor: this.#audioSeconds === 0 ? null : synthesisMs / 1000 / this.#audioSeconds,
      ...this.#prefill,
      startGateMs: this.#startGateMs,
      speculation: this.#speculated(),
      spans,
    };
  }

  #speculated(): SpeculationMetrics {
    const { attempts, isHit } = this.#speculation ?? { attempts: 0, isHit: false };
    if (attempts === 0) return noSpeculation;
    const of = (fate: Span["speculative"]): readonly Span[] =>
      this.#spans.filter((span) => span.speculative === fate);
    return {
      outcome: isHit ? "hit" : "miss",
      attempts,
      savedMs: coveredMs(of("used"), this.releasedAtMs),
      wastedMs: coveredMs(of("dropped"), Number.POSITIVE_INFINITY),
    };
  }
}
