import { LISTEN_RATE_HZ } from "../../../shared/audio.ts";
import type { HeardFrame } from "./voice-judgement.ts";
import { MAX_UTTERANCE_MS } from "./utterance.ts";

/** More than this is not kept back: it passes, and the utterance is refused for its length as any other. */
const MAX_HELD_SAMPLES = (MAX_UTTERANCE_MS / 1000) * LISTEN_RATE_HZ;

export interface SilenceGateOptions {
  /** Position in the stream of the first sample pushed. */
  readonly fromSample: number;
  /** How much silence after the last voice belongs to the utterance. */
  readonly pauseSamples: number;
  /** Takes what belongs to the utterance, in order. */
  readonly pass: (samples: Float32Array) => void;
}

/**
 * Keeps back the silence at the end of an utterance: samples pass until `pauseSamples` after the last voice, those beyond
 * wait, and follow when there is voice again. So at any moment the utterance is what it would be if it ended here, and it
 * is the same whenever in a pause it ends (R42). Where it stands depends on the samples alone, not on how they came.
 */
export class SilenceGate {
  readonly #options: SilenceGateOptions;
  readonly #waiting: Float32Array[] = [];
  #held = 0;
  /** Position of the next sample to pass. */
  #position: number;
  #judgedUntil = 0;
  #voicedUntil = 0;
  #hasVoice = false;

  constructor(options: SilenceGateOptions) {
    this.#options = options;
    this.#position = options.fromSample;
  }

  /** Samples that wait: beyond the pause, or not judged yet. */
  get heldSamples(): number {
    return this.#held;
  }

  /** Everything that belongs to the utterance as long as there is no more voice has passed. */
  get isComplete(): boolean {
    return this.#hasVoice && this.#position === this.#limit;
  }

  /** Before the first voice everything is the utterance's, but not before it is judged: voice may be in it. */
  get #limit(): number {
    return (this.#hasVoice ? this.#voicedUntil : this.#judgedUntil) + this.#options.pauseSamples;
  }

  push(samples: Float32Array): void {
    if (samples.length === 0) return;
    this.#waiting.push(samples);
    this.#held += samples.length;
    if (this.#held > MAX_HELD_SAMPLES) this.open();
    else this.#passUntil(this.#limit);
  }

  /** The stream is judged until `frame` ends. */
  judged(frame: HeardFrame): void {
    this.#judgedUntil = frame.endSample;
    this.#hasVoice ||= frame.isVoice;
    if (frame.mayBeVoice) this.#voicedUntil = frame.soundEndSample;
    this.#passUntil(this.#limit);
  }

  /** No silence after all: everything that waits passes. */
  open(): void {
    this.#passUntil(Infinity);
  }

  /**
   * The end; returns how many samples were left out. An utterance without any voice is kept whole: what the detector does
   * not take for voice may still be what someone said.
   */
  finish(): number {
    if (!this.#hasVoice) this.open();
    return this.#held;
  }

  #passUntil(limit: number): void {
    for (let first = this.#waiting[0]; first && this.#position < limit; first = this.#waiting[0]) {
      const part = first.subarray(0, limit - this.#position);
      if (part.length === first.length) this.#waiting.shift();
      else this.#waiting[0] = first.subarray(part.length);
      this.#held -= part.length;
      this.#position += part.length;
      this.#options.pass(part);
    }
  }
}
