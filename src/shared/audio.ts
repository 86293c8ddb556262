/** Voxtral listens at 16 kHz mono (model card; preprocessor_config.json `sampling_rate`). */
export const LISTEN_RATE_HZ = 16_000;
/** Kokoro speaks at 24 kHz mono (hexgrad/Kokoro-82M). */
export const SPEAK_RATE_HZ = 24_000;

/** A chunk of speech on its way to the player, with everything a player or a log needs to place it. */
export interface AudioChunk {
  readonly chunkId: string;
  readonly conversationId: string;
  readonly turnId: string;
  /** 0-based position in the turn; strictly increasing, without holes. */
  readonly index: number;
  readonly voice: string;
  /** The spoken text this chunk says (one segment, or one part of it). */
  readonly textSource: string;
  readonly sampleRateHz: number;
  /** Mono samples in [-1, 1]. */
  readonly pcm: Float32Array;
  /** Where the chunk begins, in samples since the start of the turn's speech. */
  readonly startSample: number;
  /** Words of `textSource` with their estimated place in `pcm`, for captions and for what was heard. */
  readonly words: readonly TimedWord[];
}

export interface TimedWord {
  readonly text: string;
  /** Samples from the start of the chunk. */
  readonly startSample: number;
  readonly endSample: number;
}
