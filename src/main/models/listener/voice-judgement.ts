import { SLICE_SAMPLES } from "./frames.ts";

/** What a frame is taken for. */
export interface HeardFrame {
  /** Position of the first sample after it. */
  readonly endSample: number;
  /** Of speech, as the detector says. */
  readonly probability: number;
  /**
   * Judged generously: a whisper, a breath before a word or a burst of noise counts, since only what is certainly no voice
   * may be left out of what someone says.
   */
  readonly mayBeVoice: boolean;
  /** The detector itself takes it for voice, if only a little. Implies `mayBeVoice`. */
  readonly isVoice: boolean;
  /** Where in it the last sound ends that stands out of the background, to 8 ms; its end where none does. */
  readonly soundEndSample: number;
}

/** From here on a frame is voice, however quiet: Silero's own threshold. */
const SURE = 0.5;
/** Below this it is voice only when it stands well out of the background, … */
const DOUBTFUL = 0.15;
const CLEAR_EXCESS_DB = 10;
/** … and in between when it stands out at all: noise alone reaches 2 dB (its loudest slice above its quietest frame). */
const FAINT_EXCESS_DB = 4;

/** Whoever stood this far out of the background within the last second does not disappear in it while speaking. */
const CLEAR_SPEAKER_DB = 15;

/** Whether the beginning of a frame is silence whatever the detector will say of the whole; arguments as in FrameFacts. */
export function isClearlySilent(excessDb: readonly number[], speakerDb: number): boolean {
  return speakerDb >= CLEAR_SPEAKER_DB && excessDb.every((db) => db <= FAINT_EXCESS_DB);
}

/** What is known of a frame before it is judged. */
export interface FrameFacts {
  /** Position of the first sample after it. */
  readonly endSample: number;
  /** Of speech, as the detector says. */
  readonly probability: number;
  /** How far each 8 ms stand out of the background, in dB. */
  readonly excessDb: readonly number[];
  /** The most that voice of the last second did. */
  readonly speakerDb: number;
}

/**
 * Judges a frame by the detector and by how far its loudest part stands out of the background. One that does not stand out
 * counts only when the detector is sure, and not at all where the speaker is clearly heard otherwise: Silero's memory lags
 * up to 100 ms behind a word's end.
 */
export function judgeFrame({ endSample, probability, excessDb, speakerDb }: FrameFacts): HeardFrame {
  const loudestDb = Math.max(-Infinity, ...excessDb);
  const isLikely = probability >= DOUBTFUL;
  const standsOut = loudestDb > (isLikely ? FAINT_EXCESS_DB : CLEAR_EXCESS_DB);
  const mayBeVoice = standsOut || (probability >= SURE && speakerDb < CLEAR_SPEAKER_DB);
  const last = excessDb.findLastIndex((db) => db > FAINT_EXCESS_DB);
  const silentSlices = last < 0 ? 0 : excessDb.length - 1 - last;
  return {
    endSample,
    probability,
    mayBeVoice,
    isVoice: isLikely && mayBeVoice,
    soundEndSample: endSample - silentSlices * SLICE_SAMPLES,
  };
}
