import { LISTEN_RATE_HZ } from "../../../shared/audio.ts";
import type { ListeningOptions } from "../services.ts";
import { Endpointing, UNKNOWN_COMPLETENESS } from "./endpointing.ts";
import { FRAME_SAMPLES } from "./frames.ts";
import type { HeardFrame } from "./voice-judgement.ts";

/** A VoiceActivity without what only the service knows: the utterance, and when it was. */
export type VoiceChange =
  | { readonly type: "started"; readonly startSample: number }
  | { readonly type: "paused"; readonly endSample: number; readonly endPauseMs: number }
  | { readonly type: "resumed"; readonly pauseMs: number }
  | {
      readonly type: "ended";
      readonly endSample: number;
      readonly pauseMs: number;
      readonly voicedMs: number;
    };

/** Speech goes on down to this much below the threshold it began with, as in Silero's own iterator. */
const HYSTERESIS = 0.15;

/**
 * A whisper, or a soft first word, is often faint to the detector before it is sure: speech is said to begin with such
 * voice, if there was never more than this between, …
 */
const ONSET_GAP_MS = 256;
/** … but not further back than this. */
const MAX_ONSET_SAMPLES = 1.5 * LISTEN_RATE_HZ;

interface Speech {
  /** Samples of frames that are voice. */
  voiced: number;
  /** Where the newest of them ends. */
  until: number;
}

/**
 * Turns heard frames into what the assistant acts on. It judges twice: speech begins and ends by the detector's threshold
 * (noise must not keep a question open), pauses within are found by `mayBeVoice` (a quiet word must not be lost). Knows only
 * frames and positions: the same samples give the same changes, however they arrived; only how soon a pause is told differs.
 */
export class VoiceTracker {
  #options: ListeningOptions;
  readonly #endpointing: Endpointing;
  /** Where the newest frames end that may be voice, and that the detector takes for voice. */
  #voicedUntil = 0;
  #detectedUntil = -Infinity;
  #speech: Speech | null = null;
  /** Voice that is not yet long enough to be speech. */
  #onset = 0;
  /** Where the voice began, faint or not, that the detector hears now. */
  #voiceFrom = 0;
  /** Where the last speech ended: what soon follows was a pause inside it after all. */
  #lastSpeechUntil = -Infinity;
  #isPaused = false;
  /** Where the open utterance begins. */
  #utteranceFrom = Infinity;
  #completeness = UNKNOWN_COMPLETENESS;

  constructor(options: ListeningOptions) {
    this.#options = options;
    this.#endpointing = new Endpointing(options);
  }

  configure(options: ListeningOptions): void {
    this.#options = options;
    this.#endpointing.configure(options);
  }

  /** An utterance is open from `fromSample` on: its pauses are told even before its voice is long enough to be speech. */
  open(fromSample: number): void {
    this.#utteranceFrom = fromSample;
    this.#completeness = UNKNOWN_COMPLETENESS;
  }

  /** It is not any more. */
  close(): void {
    this.#utteranceFrom = Infinity;
    this.#isPaused &&= this.#speech !== null;
  }

  /** What the words up to the pause say: 0 surely unfinished, 1 surely finished. Holds until there is voice again. */
  hint(completeness: number): void {
    this.#completeness = completeness;
  }

  /** The stream's next frame. */
  hear({ endSample, soundEndSample, probability, mayBeVoice, isVoice }: HeardFrame): VoiceChange[] {
    const changes: VoiceChange[] = mayBeVoice ? this.#voiced(endSample - FRAME_SAMPLES) : [];
    if (mayBeVoice) this.#voicedUntil = soundEndSample;
    if (isVoice) this.#detected(endSample);
    const { speechThreshold } = this.#options;
    const threshold = this.#speech
      ? speechThreshold - Math.min(HYSTERESIS, speechThreshold / 2)
      : speechThreshold;
    if (mayBeVoice && probability >= threshold) changes.push(...this.#spoken(endSample));
    else if (!this.#speech) this.#onset = 0;
    return [...changes, ...this.#silent(endSample)];
  }

  /** It is silent until `endSample`, within a frame that is not complete: a pause is told as soon as it is one. */
  glance(endSample: number): VoiceChange[] {
    return this.#pausing(endSample);
  }

  #voiced(startSample: number): VoiceChange[] {
    if (!this.#isPaused) return [];
    this.#isPaused = false;
    this.#completeness = UNKNOWN_COMPLETENESS;
    return [{ type: "resumed", pauseMs: toMs(startSample - this.#voicedUntil) }];
  }

  #detected(endSample: number): void {
    const startSample = endSample - FRAME_SAMPLES;
    if (toMs(startSample - this.#detectedUntil) > ONSET_GAP_MS) this.#voiceFrom = startSample;
    this.#detectedUntil = endSample;
  }

  #spoken(endSample: number): VoiceChange[] {
    if (this.#speech) {
      this.#observe(toMs(endSample - FRAME_SAMPLES - this.#speech.until));
      this.#speech.voiced += FRAME_SAMPLES;
      this.#speech.until = endSample;
      return [];
    }
    this.#onset += FRAME_SAMPLES;
    if (toMs(this.#onset) < this.#options.minSpeechMs) return [];
    const surely = endSample - this.#onset;
    const earliest = Math.max(this.#lastSpeechUntil, surely - MAX_ONSET_SAMPLES);
    const startSample = Math.max(earliest, Math.min(surely, this.#voiceFrom));
    this.#observe(toMs(startSample - this.#lastSpeechUntil));
    this.#speech = { voiced: this.#onset, until: endSample };
    this.#onset = 0;
    return [{ type: "started", startSample }];
  }

  /** A pause that speech followed: it belongs to the speaker if it was one at all, and within what may be one. */
  #observe(pauseMs: number): void {
    const { microPauseMs, maxEndPauseMs } = this.#options;
    if (pauseMs >= microPauseMs && pauseMs <= maxEndPauseMs) this.#endpointing.continued(pauseMs);
  }

  #isSilent(endSample: number): boolean {
    return toMs(endSample - this.#voicedUntil) >= this.#options.microPauseMs;
  }

  #pausing(endSample: number): VoiceChange[] {
    const isConcerned = this.#speech !== null || this.#detectedUntil > this.#utteranceFrom;
    if (!isConcerned || this.#isPaused || !this.#isSilent(endSample)) return [];
    this.#isPaused = true;
    const endPauseMs = this.#endpointing.endPauseMs(this.#completeness);
    return [{ type: "paused", endSample: this.#voicedUntil, endPauseMs }];
  }

  #silent(endSample: number): VoiceChange[] {
    const changes = this.#pausing(endSample);
    if (!this.#speech) return changes;
    const pauseMs = toMs(endSample - this.#speech.until);
    const endPauseMs = this.#endpointing.endPauseMs(this.#completeness);
    // Something that may be voice is waited for, but not for ever: a fan is no speaker.
    const isOver = this.#isSilent(endSample) || pauseMs >= this.#options.maxEndPauseMs;
    if (pauseMs < endPauseMs || !isOver) return changes;
    const { until, voiced } = this.#speech;
    changes.push({ type: "ended", endSample: until, pauseMs, voicedMs: toMs(voiced) });
    this.#speech = null;
    this.#lastSpeechUntil = until;
    this.#isPaused &&= this.#utteranceFrom !== Infinity;
    return changes;
  }
}

function toMs(samples: number): number {
  return (samples * 1000) / LISTEN_RATE_HZ;
}
