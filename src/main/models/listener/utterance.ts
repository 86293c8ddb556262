import { LISTEN_RATE_HZ } from "../../../shared/audio.ts";
import type { MelBlock, UtteranceSummary } from "../services.ts";
import { AppError } from "../../../shared/errors.ts";
import type { Clock } from "../../../shared/clock.ts";
import { measureLevel } from "./level.ts";
import { MelExtractor } from "./mel.ts";

/** 30 minutes is what Voxtral is made for (model card); longer recordings would exceed any context. */
export const MAX_UTTERANCE_MS = 30 * 60_000;
const MAX_SAMPLES = (MAX_UTTERANCE_MS / 1000) * LISTEN_RATE_HZ;

/** One thing someone says: its samples, and its log-mel while it is being said. */
export class Utterance {
  readonly id: string;
  /** Only while it is open: an ended utterance is no more than its samples. */
  #mel: MelExtractor | undefined;
  readonly #clock: Clock;
  readonly #parts: Float32Array[] = [];
  #samples = 0;
  #preRollSamples = 0;
  #energy = 0;
  #peak = 0;

  constructor(id: string, emit: (block: MelBlock) => void, clock: Clock) {
    this.id = id;
    this.#mel = new MelExtractor(id, emit);
    this.#clock = clock;
  }

  get isOpen(): boolean {
    return this.#mel !== undefined;
  }

  get bytes(): number {
    return this.#samples * Float32Array.BYTES_PER_ELEMENT;
  }

  /** Of what is pushed, this much was heard before it began. */
  begin(preRollSamples: number): void {
    this.#preRollSamples = preRollSamples;
  }

  /** 16 kHz mono. What would exceed the limit is not taken; `finish` then says so. */
  push(samples: Float32Array): void {
    const part = samples.subarray(0, MAX_SAMPLES - this.#samples);
    if (!this.#mel || part.length === 0) return;
    this.#parts.push(part);
    this.#samples += part.length;
    // Kept up as it comes: a pass over ten minutes at the end would be on the latency path.
    const { rms, peak } = measureLevel(part);
    this.#energy += rms * rms * part.length;
    this.#peak = Math.max(this.#peak, peak);
    this.#mel.push(part);
  }

  /** Emits the final block as it would be if the utterance ended here; it goes on. Returns its length in samples. */
  preview(): number {
    this.#mel?.preview();
    return this.#samples;
  }

  /**
   * Emits the final block. Throws `bad-audio` when nothing was said at all, `audio-too-long` at the limit, `bad-input`
   * when it has ended before.
   */
  finish(): UtteranceSummary {
    const mel = this.#mel;
    if (!mel) throw new AppError("bad-input", `The utterance ${this.id} has already ended.`);
    this.#mel = undefined;
    if (this.#samples === 0) {
      throw new AppError(
        "bad-audio",
        "No sound arrived from the microphone. Check that it is on and allowed.",
      );
    }
    if (this.#samples >= MAX_SAMPLES) {
      const minutes = MAX_UTTERANCE_MS / 60_000;
      throw new AppError(
        "audio-too-long",
        `The recording passed the limit of ${minutes} minutes. Say it in parts.`,
      );
    }
    const startMs = this.#clock.nowMs();
    mel.finish();
    const melSpan = { name: "mel", startMs, endMs: this.#clock.nowMs() } as const;
    return {
      utteranceId: this.id,
      samples: this.#samples,
      trimmedSamples: 0,
      voicedMs: 0,
      preRollSamples: this.#preRollSamples,
      peak: this.#peak,
      rms: Math.sqrt(this.#energy / this.#samples),
      melSpan,
    };
  }

  /** Ends it without a result. */
  discard(): void {
    this.#mel = undefined;
  }

  /** All samples in one array. */
  audio(): Float32Array {
    const audio = new Float32Array(this.#samples);
    let at = 0;
    for (const part of this.#parts) {
      audio.set(part, at);
      at += part.length;
    }
    return audio;
  }
}
