import { AppError } from "../../../shared/errors.ts";
import { A_LAW, FLOAT, MU_LAW, readWavHeader, type WavHeader } from "./wav-header.ts";

/** A wav file as numbers: one channel of samples in [-1, 1] (the mean of all channels), at its own rate. */
export interface WavAudio {
  readonly samples: Float32Array;
  readonly rateHz: number;
  readonly channels: number;
  readonly warnings: readonly string[];
}

/**
 * Decodes a wav held in memory: 8 to 32 bit integers, 32/64 bit floats, A-law and µ-law, any rate from 1 to 768 kHz, up
 * to 64 channels. A recording that was cut off, or whose recorder never wrote the sizes, is read as far as it goes, with
 * a warning. Throws `bad-audio` (a sentence naming what the file looks like) or `audio-too-long`.
 */
export function decodeWav(bytes: Uint8Array, maxDurationMs: number): WavAudio {
  const header = readWavHeader(bytes, bytes.byteLength);
  if (!header) throw new AppError("bad-audio", "The wav file's header is cut off.");
  refuseTooLong(header, maxDurationMs);
  const decoder = new WavDecoder(header);
  const data = bytes.subarray(header.start, header.start + header.frames * header.blockBytes);
  const samples = decoder.decode(data);
  return { samples, rateHz: header.rateHz, channels: header.channels, warnings: decoder.warnings() };
}

/** Throws `audio-too-long` from what the header says, before anything is decoded. */
export function refuseTooLong({ frames, rateHz }: WavHeader, maxDurationMs: number): void {
  const durationMs = (frames / rateHz) * 1000;
  if (durationMs <= maxDurationMs) return;
  throw new AppError(
    "audio-too-long",
    `The recording is ${describe(durationMs)} long; the limit is ${describe(maxDurationMs)}. Cut it into parts.`,
    { details: { durationMs, maxDurationMs } },
  );
}

/** Turns the bytes of a wav's data into mono samples, and counts what had to be repaired. */
export class WavDecoder {
  readonly #header: WavHeader;
  #broken = 0;
  #clipped = 0;

  constructor(header: WavHeader) {
    this.#header = header;
  }

  /** `bytes` holds whole frames; an incomplete one at the end is ignored. */
  decode(bytes: Uint8Array): Float32Array {
    const { channels, blockBytes } = this.#header;
    const read = sampleReader(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), this.#header);
    const samples = new Float32Array(Math.floor(bytes.byteLength / blockBytes));
    const step = blockBytes / channels;
    for (let frame = 0, at = 0; frame < samples.length; frame++) {
      let sum = 0;
      for (let channel = 0; channel < channels; channel++, at += step) {
        const value = read(at);
        if (Number.isFinite(value)) sum += value;
        else this.#broken++;
      }
      const mean = sum / channels;
      if (mean > 1 || mean < -1) this.#clipped++;
      samples[frame] = Math.max(-1, Math.min(1, mean));
    }
    return samples;
  }

  /** Sentences about what was repaired in everything decoded so far. */
  warnings(): string[] {
    const warnings = [...this.#header.warnings];
    if (this.#broken > 0) warnings.push(`Samples that were not numbers were silenced: ${this.#broken}.`);
    if (this.#clipped > 0) warnings.push(`Samples beyond full scale were clipped: ${this.#clipped}.`);
    return warnings;
  }
}

/** Gives the sample at a byte offset, integers and logarithmic codes in [-1, 1]. */
function sampleReader(view: DataView, { code, bits, isBigEndian }: WavHeader): (offset: number) => number {
  const isLittle = !isBigEndian;
  if (code === FLOAT) {
    return bits === 32
      ? (offset) => view.getFloat32(offset, isLittle)
      : (offset) => view.getFloat64(offset, isLittle);
  }
  if (code === A_LAW) return (offset) => fromALaw(view.getUint8(offset));
  if (code === MU_LAW) return (offset) => fromMuLaw(view.getUint8(offset));
  // Odd depths stand in the upper bits of the next whole byte, so the container's size decides.
  if (bits <= 8) return (offset) => (view.getUint8(offset) - 128) / 2 ** 7;
  if (bits <= 16) return (offset) => view.getInt16(offset, isLittle) / 2 ** 15;
  if (bits > 24) return (offset) => view.getInt32(offset, isLittle) / 2 ** 31;
  return isLittle
    ? (offset) => ((view.getInt8(offset + 2) << 16) | view.getUint16(offset, true)) / 2 ** 23
    : (offset) => ((view.getInt8(offset) << 16) | view.getUint16(offset + 1)) / 2 ** 23;
}

/** ITU-T G.711, A-law: 13-bit linear scaled to [-1, 1]. */
function fromALaw(code: number): number {
  const value = code ^ 0x55;
  const exponent = (value >> 4) & 7;
  const mantissa = value & 15;
  const magnitude = exponent === 0 ? mantissa * 2 + 1 : (mantissa * 2 + 33) << (exponent - 1);
  return (value & 0x80 ? magnitude : -magnitude) / 4096;
}

/** ITU-T G.711, µ-law: 14-bit linear scaled to [-1, 1]. */
function fromMuLaw(code: number): number {
  const value = ~code & 0xff;
  const magnitude = ((((value & 15) << 1) + 33) << ((value >> 4) & 7)) - 33;
  return (value & 0x80 ? -magnitude : magnitude) / 8192;
}

function describe(durationMs: number): string {
  const seconds = Math.round(durationMs / 1000);
  return seconds < 120 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
