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
}

/** From here on a frame is voice, however quiet: Silero's own threshold. */
const SURE = 0.5;
/** Below this it is voice only when it stands well out of the background, … */
const DOUBTFUL = 0.15;
const CLEAR_EXCESS_DB = 10;
/** … and in between when it stands out at all: noise alone reaches 2 dB (its loudest slice above its quietest frame). */
const FAINT_EXCESS_DB = 4;

/**
 * Judges a frame by the detector's `probability` and by how far its loudest part stands out of the background, in dB. One
 * that does not stand out counts only when the detector is sure: Silero's memory lags up to 100 ms behind a word's end.
 */
export function judgeFrame(endSample: number, probability: number, excessDb: number): HeardFrame {
  const isLikely = probability >= DOUBTFUL;
  const mayBeVoice = probability >= SURE || excessDb > (isLikely ? FAINT_EXCESS_DB : CLEAR_EXCESS_DB);
  return { endSample, probability, mayBeVoice, isVoice: isLikely && mayBeVoice };
}
