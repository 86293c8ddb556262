import { LISTEN_RATE_HZ } from "../../../shared/audio.ts";
import type { ListeningOptions } from "../services.ts";
import { Endpointing, UNKNOWN_COMPLETENESS } from "./endpointing.ts";
import { FRAME_SAMPLES } from "./frames.ts";

/** What is known of a frame when it is judged. */
export interface JudgedFrame {
  /** Position of the first sample after it. */
  readonly endSample: number;
  /** Of speech, from the detector. */
  readonly probability: number;
  /** How far its loudest part stands above the background. */
  readonly excessDb: number;
}

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

/** From here on a frame is voice, however quiet: Silero's own threshold. */
const SURE = 0.5;
/** Below this it is voice only when it stands well out of the background, … */
const DOUBTFUL = 0.15;
const CLEAR_EXCESS_DB = 10;
/** … and in between when it stands out at all: noise alone reaches 2 dB (the loudest of four slices above the quietest frame). */
const FAINT_EXCESS_DB = 4;
/** Speech goes on down to this much below the threshold it began with, as in Silero's own iterator. */
const HYSTERESIS = 0.15;

/**
 * Whether a frame may be voice, judged generously: a whisper, a breath before a word or a burst of noise counts. Only a
 * frame that is certainly none may be left out of what someone says. A frame that does not stand out of the background
 * counts only when the detector is sure: Silero's memory lags up to 100 ms behind the end of a word.
 */
export function mayBeVoice({ probability, excessDb }: Omit<JudgedFrame, "endSample">): boolean {
  if (probability >= SURE) return true;
  return excessDb > (probability >= DOUBTFUL ? FAINT_EXCESS_DB : CLEAR_EXCESS_DB);
}

/** Whether the detector itself takes the frame for voice, if only a little: loudness alone does not count. */
export function isLikelyVoice(frame: Omit<JudgedFrame, "endSample">): boolean {
  return frame.probability >= DOUBTFUL && mayBeVoice(frame);
}

interface Speech {
  /** Samples of frames that are voice. */
  voiced: number;
  /** Where the newest of them ends. */
  until: number;
}

/**
 * Turns judged frames into what the assistant acts on. It judges twice: speech begins and ends by the detector's threshold
 * (noise must not keep a question open), pauses within are found by `mayBeVoice` (a quiet word must not be lost). Knows only
 * frames and positions: the same samples give the same changes, however they arrived.
 */
export class VoiceTracker {
  #options: ListeningOptions;
  readonly #endpointing: Endpointing;
  #voicedUntil = 0;
  #speech: Speech | null = null;
  /** Voice that is not yet long enough to be speech. */
  #onset = 0;
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
  judge(frame: JudgedFrame): VoiceChange[] {
    const startSample = frame.endSample - FRAME_SAMPLES;
    const isVoiced = mayBeVoice(frame);
    const changes: VoiceChange[] = isVoiced ? this.#voiced(startSample) : [];
    if (isVoiced) this.#voicedUntil = frame.endSample;
    const { speechThreshold } = this.#options;
    const threshold = this.#speech
      ? speechThreshold - Math.min(HYSTERESIS, speechThreshold / 2)
      : speechThreshold;
    if (isVoiced && frame.probability >= threshold) changes.push(...this.#spoken(frame.endSample));
    else if (!this.#speech) this.#onset = 0;
    return [...changes, ...this.#silent(frame.endSample)];
  }

  #voiced(startSample: number): VoiceChange[] {
    if (!this.#isPaused) return [];
    this.#isPaused = false;
    this.#completeness = UNKNOWN_COMPLETENESS;
    return [{ type: "resumed", pauseMs: toMs(startSample - this.#voicedUntil) }];
  }

  #spoken(endSample: number): VoiceChange[] {
    const startSample = endSample - FRAME_SAMPLES;
    if (this.#speech) {
      this.#observe(toMs(startSample - this.#speech.until));
      this.#speech.voiced += FRAME_SAMPLES;
      this.#speech.until = endSample;
      return [];
    }
    this.#onset += FRAME_SAMPLES;
    if (toMs(this.#onset) < this.#options.minSpeechMs) return [];
    const from = endSample - this.#onset;
    this.#observe(toMs(from - this.#lastSpeechUntil));
    this.#speech = { voiced: this.#onset, until: endSample };
    this.#onset = 0;
    return [{ type: "started", startSample: from }];
  }

  /** A pause that speech followed: it belongs to the speaker if it was one at all, and within what may be one. */
  #observe(pauseMs: number): void {
    const { microPauseMs, maxEndPauseMs } = this.#options;
    if (pauseMs >= microPauseMs && pauseMs <= maxEndPauseMs) this.#endpointing.continued(pauseMs);
  }

  #silent(endSample: number): VoiceChange[] {
    const { microPauseMs, maxEndPauseMs } = this.#options;
    const changes: VoiceChange[] = [];
    const isConcerned = this.#speech !== null || this.#voicedUntil > this.#utteranceFrom;
    const isSilent = toMs(endSample - this.#voicedUntil) >= microPauseMs;
    if (isConcerned && isSilent && !this.#isPaused) {
      this.#isPaused = true;
      const endPauseMs = this.#endpointing.endPauseMs(this.#completeness);
      changes.push({ type: "paused", endSample: this.#voicedUntil, endPauseMs });
    }
    if (!this.#speech) return changes;
    const pauseMs = toMs(endSample - this.#speech.until);
    const endPauseMs = this.#endpointing.endPauseMs(this.#completeness);
    // Something that may be voice is waited for, but not for ever: a fan is no speaker.
    if (pauseMs < endPauseMs || !(isSilent || pauseMs >= maxEndPauseMs)) return changes;
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
