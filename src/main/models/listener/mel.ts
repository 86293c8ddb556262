import type { MelBlock } from "../services.ts";
import { MEL_BINS, melFilters, type MelFilter } from "./mel-filters.ts";
import { FFT_SIZE, FREQUENCY_BINS, PowerSpectrum } from "./spectrum.ts";

/** 10 ms at 16 kHz. */
export const HOP_SAMPLES = 160;
/** 30 s: what one pass of the encoder sees. */
export const WINDOW_SAMPLES = 480_000;
export const WINDOW_FRAMES = WINDOW_SAMPLES / HOP_SAMPLES;
const REACH = FFT_SIZE / 2;
const SMALLEST_POWER = 1e-10;
/** Room for half a second: longer pieces are taken in several blocks. What a frame still needs is at most 560 samples. */
const HELD_SAMPLES = 8_192;

/** One frame's worth of tables and scratch space, shared by all utterances of a process. */
class FrameAnalyser {
  readonly #spectrum = new PowerSpectrum();
  readonly #filters: readonly MelFilter[] = melFilters();
  readonly #power = new Float64Array(FREQUENCY_BINS);
  /** The next frame's samples: filled in by whoever calls `analyse`. */
  readonly frame = new Float64Array(FFT_SIZE);
  // Periodic Hann, as torch.stft and the reference extractor use it.
  readonly #hann = Float64Array.from(
    { length: FFT_SIZE },
    (_, n) => 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / FFT_SIZE),
  );

  /** Log-mel of `frame`, which it spoils, into `out` from `at`. */
  analyse(out: Float32Array, at: number): void {
    for (let n = 0; n < FFT_SIZE; n++) this.frame[n] = this.frame[n]! * this.#hann[n]!;
    this.#spectrum.transform(this.frame, this.#power);
    for (let bin = 0; bin < MEL_BINS; bin++) {
      const { first, weights } = this.#filters[bin]!;
      let energy = 0;
      for (let k = 0; k < weights.length; k++) energy += weights[k]! * this.#power[first + k]!;
      out[at + bin] = Math.log10(Math.max(energy, SMALLEST_POWER));
    }
  }
}

const analyser = new FrameAnalyser();

/**
 * Log-mel frames of one utterance, computed while it arrives (R40). Frame t of a window sees samples 160·t − 200 to
 * 160·t + 199, mirrored at both ends of the 30 s window; every window is a spectrogram of its own, as the reference
 * extractor (transformers.js, processing_voxtral.js) cuts it. Frames that lie wholly in the zero padding are silent and
 * are neither computed nor emitted.
 */
export class MelExtractor {
  readonly #utteranceId: string;
  readonly #emit: (block: MelBlock) => void;
  /** The newest samples of the window, from its sample `#from` on. */
  readonly #held = new Float32Array(HELD_SAMPLES);
  #from = 0;
  #windowIndex = 0;
  #filled = 0;
  #nextFrame = 0;
  #samples = 0;
  #frames = 0;

  constructor(utteranceId: string, emit: (block: MelBlock) => void) {
    this.#utteranceId = utteranceId;
    this.#emit = emit;
  }

  /** Frames emitted so far. */
  get frames(): number {
    return this.#frames;
  }

  /** 16 kHz mono, in pieces of any length. */
  push(samples: Float32Array): void {
    for (let taken = 0; taken < samples.length;) {
      // A full window is closed only when more follows: exactly 30 s are one window, not one and an empty one.
      if (this.#filled === WINDOW_SAMPLES) this.#nextWindow();
      const at = this.#filled - this.#from;
      const room = Math.min(HELD_SAMPLES - at, WINDOW_SAMPLES - this.#filled);
      const part = samples.subarray(taken, taken + room);
      this.#held.set(part, at);
      this.#filled += part.length;
      this.#samples += part.length;
      taken += part.length;
      this.#emitUntil(Math.floor((this.#filled - REACH) / HOP_SAMPLES) + 1);
      this.#drop();
    }
  }

  /** The tail: everything that had to wait for the end. Always emits one last block, marked `final`. */
  finish(): void {
    const tail = this.#tail();
    this.#nextFrame += tail.frames;
    this.#frames += tail.frames;
    this.#emit(tail);
  }

  /** Emits what `finish` would emit now, marked `provisional`, and changes nothing: more may be pushed (R42). */
  preview(): void {
    this.#emit({ ...this.#tail(), provisional: true });
  }

  #tail(): MelBlock {
    const block = this.#block(Math.ceil((this.#filled + REACH) / HOP_SAMPLES));
    return { ...block, final: { samples: this.#samples } };
  }

  #nextWindow(): void {
    this.#emitUntil(WINDOW_FRAMES);
    this.#windowIndex++;
    this.#from = 0;
    this.#filled = 0;
    this.#nextFrame = 0;
  }

  /** Forgets what no later frame of the window can reach, mirrored or not. */
  #drop(): void {
    const from = Math.max(0, this.#nextFrame * HOP_SAMPLES - REACH);
    this.#held.copyWithin(0, from - this.#from, this.#filled - this.#from);
    this.#from = from;
  }

  #emitUntil(wanted: number): void {
    const block = this.#block(wanted);
    if (block.frames === 0) return;
    this.#nextFrame += block.frames;
    this.#frames += block.frames;
    this.#emit(block);
  }

  /** The frames that are not emitted yet, up to `wanted` of the window. */
  #block(wanted: number): MelBlock {
    const frames = Math.max(0, Math.min(WINDOW_FRAMES, wanted) - this.#nextFrame);
    const data = new Float32Array(frames * MEL_BINS);
    for (let i = 0; i < frames; i++) {
      this.#load((this.#nextFrame + i) * HOP_SAMPLES - REACH);
      analyser.analyse(data, i * MEL_BINS);
    }
    return {
      utteranceId: this.#utteranceId,
      window: this.#windowIndex,
      startFrame: this.#nextFrame,
      frames,
      data,
    };
  }

  /** Hands the 400 samples from `start` of the window to the analyser. */
  #load(start: number): void {
    const { frame } = analyser;
    const isInside = start >= 0 && start + FFT_SIZE <= this.#filled;
    const at = start - this.#from;
    for (let n = 0; n < FFT_SIZE; n++) {
      frame[n] = isInside ? this.#held[at + n]! : this.#beyond(start + n);
    }
  }

  /** The window's sample at any index: mirrored at both its ends, silent from where the audio ends. */
  #beyond(index: number): number {
    const mirrored = index >= WINDOW_SAMPLES ? 2 * WINDOW_SAMPLES - 2 - index : Math.abs(index);
    return mirrored < this.#filled ? this.#held[mirrored - this.#from]! : 0;
  }
}
