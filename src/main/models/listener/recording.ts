import { LISTEN_RATE_HZ } from "../../../shared/audio.ts";
import type { UtteranceSummary } from "../services.ts";
import { FRAME_SAMPLES } from "./frames.ts";
import { SilenceGate } from "./silence-gate.ts";
import type { Utterance } from "./utterance.ts";
import type { HeardFrame } from "./voice-judgement.ts";

/** An utterance while the microphone fills it. */
export class Recording {
  readonly utterance: Utterance;
  readonly #fromSample: number;
  readonly #gate: SilenceGate | null;
  #voicedSamples = 0;

  /** With `pauseSamples` it ends that much after its last voice; null keeps all silence. */
  constructor(utterance: Utterance, fromSample: number, pauseSamples: number | null) {
    this.utterance = utterance;
    this.#fromSample = fromSample;
    const pass = (samples: Float32Array): void => utterance.push(samples);
    this.#gate = pauseSamples === null ? null : new SilenceGate({ fromSample, pauseSamples, pass });
  }

  /** Whether it leaves its last silence out. */
  get trims(): boolean {
    return this.#gate !== null;
  }

  /** Whether it can be said already how it would end. */
  get isComplete(): boolean {
    return this.#gate?.isComplete ?? false;
  }

  /** 16 kHz samples, the first being the one at `fromSample` of the stream. */
  hear(samples: Float32Array): void {
    if (this.#gate) this.#gate.push(samples);
    else this.utterance.push(samples);
  }

  judged(frame: HeardFrame): void {
    const samples = Math.min(FRAME_SAMPLES, frame.endSample - this.#fromSample);
    if (samples <= 0) return;
    if (frame.isVoice) this.#voicedSamples += samples;
    this.#gate?.judged(frame);
  }

  /** Ends it; `isVoiced` says that its last, incomplete frame may be voice. Throws what Utterance.finish throws. */
  finish(isVoiced: boolean): UtteranceSummary {
    if (isVoiced) this.#gate?.open();
    const trimmedSamples = this.#gate?.finish() ?? 0;
    const voicedMs = (this.#voicedSamples * 1000) / LISTEN_RATE_HZ;
    return { ...this.utterance.finish(), trimmedSamples, voicedMs };
  }
}
