import { AppError } from "../../../shared/errors.ts";

/** A wav file as numbers: one channel of samples in [-1, 1] (the mean of all channels), at its own rate. */
export interface WavAudio {
  readonly samples: Float32Array;
  readonly rateHz: number;
  readonly channels: number;
  readonly warnings: readonly string[];
}

interface Format {
  readonly code: number;
  readonly channels: number;
  readonly rateHz: number;
  readonly blockBytes: number;
  readonly bits: number;
}

const PCM = 1;
const FLOAT = 3;
const A_LAW = 6;
const MU_LAW = 7;
const EXTENSIBLE = 0xfffe;

/** Rates outside this are damaged headers, not recordings. */
const MIN_RATE_HZ = 1_000;
const MAX_RATE_HZ = 768_000;
const MAX_CHANNELS = 64;

/**
 * Decodes RIFF/RF64 wav: 8 to 32 bit integers, 32/64 bit floats, A-law and µ-law, any rate from 1 to 768 kHz, up to 64
 * channels. A recording that was cut off, or whose recorder never wrote the sizes, is read as far as it goes, with a
 * warning. Throws `bad-audio` (a sentence naming what the file looks like) or `audio-too-long`.
 */
export function decodeWav(bytes: Uint8Array, maxDurationMs: number): WavAudio {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { format, start, end, warnings } = readChunks(view);
  const read = sampleReader(view, format);
  const frames = Math.floor((end - start) / format.blockBytes);
  if (frames === 0) throw new AppError("bad-audio", "The wav file holds no samples. Record something first.");
  const durationMs = (frames / format.rateHz) * 1000;
  if (durationMs > maxDurationMs) {
    throw new AppError(
      "audio-too-long",
      `The recording is ${describe(durationMs)} long; the limit is ${describe(maxDurationMs)}. Cut it into parts.`,
      { details: { durationMs, maxDurationMs } },
    );
  }

  const samples = new Float32Array(frames);
  const step = format.blockBytes / format.channels;
  let broken = 0;
  let clipped = 0;
  for (let frame = 0; frame < frames; frame++) {
    let sum = 0;
    for (let channel = 0; channel < format.channels; channel++) {
      const value = read(start + frame * format.blockBytes + channel * step);
      if (Number.isFinite(value)) sum += value;
      else broken++;
    }
    const mean = sum / format.channels;
    if (mean > 1 || mean < -1) clipped++;
    samples[frame] = Math.max(-1, Math.min(1, mean));
  }
  if (broken > 0) warnings.push(`${broken} samples were not numbers and were silenced.`);
  if (clipped > 0) warnings.push(`${clipped} samples were beyond full scale and were clipped.`);
  return { samples, rateHz: format.rateHz, channels: format.channels, warnings };
}

/** Walks the chunks up to the data; whatever else a file carries is passed over. */
function readChunks(view: DataView): { format: Format; start: number; end: number; warnings: string[] } {
  const size = view.byteLength;
  if (size === 0) throw new AppError("bad-audio", "The file is empty.");
  const magic = tag(view, 0);
  if ((magic !== "RIFF" && magic !== "RF64") || tag(view, 8) !== "WAVE") {
    throw new AppError("bad-audio", `The file is not a wav recording${looksLike(view)}.`);
  }
  const warnings: string[] = [];
  let format: Format | undefined;
  for (let offset = 12; offset + 8 <= size;) {
    const id = tag(view, offset);
    const length = view.getUint32(offset + 4, true);
    const body = offset + 8;
    if (id === "fmt ") format = readFormat(view, body, Math.min(length, size - body));
    if (id === "data") {
      if (!format)
        throw new AppError("bad-audio", "The wav file's header is damaged: its format is missing.");
      // 0 and 0xffffffff stand for "unknown" in recordings that were streamed or never closed.
      const isOpenEnded = length === 0 || length === 0xffffffff;
      const end = isOpenEnded ? size : Math.min(size, body + length);
      if (!isOpenEnded && body + length > size)
        warnings.push("The wav file was cut off; what is there is used.");
      return { format, start: body, end, warnings };
    }
    offset = body + length + (length % 2); // Chunks are padded to even lengths.
  }
  throw new AppError("bad-audio", "The wav file was cut off before its samples begin.");
}

function readFormat(view: DataView, body: number, length: number): Format {
  if (length < 16) throw new AppError("bad-audio", "The wav file's header is cut off.");
  let code = view.getUint16(body, true);
  const channels = view.getUint16(body + 2, true);
  const rateHz = view.getUint32(body + 4, true);
  const bits = view.getUint16(body + 14, true);
  // The real code opens the sub-format's GUID (Microsoft, WAVEFORMATEXTENSIBLE).
  if (code === EXTENSIBLE && length >= 26) code = view.getUint16(body + 24, true);
  if (channels < 1 || channels > MAX_CHANNELS) {
    throw new AppError(
      "bad-audio",
      `The wav file claims ${channels} channels; 1 to ${MAX_CHANNELS} can be read.`,
    );
  }
  if (rateHz < MIN_RATE_HZ || rateHz > MAX_RATE_HZ) {
    throw new AppError(
      "bad-audio",
      `The wav file claims a rate of ${rateHz} Hz; ${MIN_RATE_HZ} to ${MAX_RATE_HZ} Hz can be read.`,
    );
  }
  const sampleBytes = Math.ceil(bits / 8);
  // The header's own block size is not trusted: recorders get it wrong, and a wrong one reads noise.
  return { code, channels, rateHz, bits, blockBytes: sampleBytes * channels };
}

function sampleReader(view: DataView, { code, bits }: Format): (offset: number) => number {
  if (code === FLOAT && bits === 32) return (offset) => view.getFloat32(offset, true);
  if (code === FLOAT && bits === 64) return (offset) => view.getFloat64(offset, true);
  if (code === A_LAW && bits === 8) return (offset) => fromALaw(view.getUint8(offset));
  if (code === MU_LAW && bits === 8) return (offset) => fromMuLaw(view.getUint8(offset));
  if (code === PCM && bits >= 1 && bits <= 8) return (offset) => (view.getUint8(offset) - 128) / 128;
  if (code === PCM && bits <= 16) return (offset) => view.getInt16(offset, true) / 2 ** 15;
  if (code === PCM && bits <= 24) {
    return (offset) => ((view.getInt8(offset + 2) << 16) | view.getUint16(offset, true)) / 2 ** 23;
  }
  if (code === PCM && bits <= 32) return (offset) => view.getInt32(offset, true) / 2 ** 31;
  throw new AppError(
    "bad-audio",
    `The wav file holds ${bits}-bit samples of encoding ${code}, which Parley cannot read. ` +
      "Convert it to 16-bit PCM, for example with: ffmpeg -i in.wav -c:a pcm_s16le out.wav",
  );
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

function tag(view: DataView, offset: number): string {
  if (offset + 4 > view.byteLength) return "";
  return String.fromCharCode(...new Uint8Array(view.buffer, view.byteOffset + offset, 4));
}

/** People try what they have: name the format, and how to make a wav of it. */
function looksLike(view: DataView): string {
  const start = tag(view, 0);
  const second = view.byteLength > 1 ? view.getUint16(0) : 0;
  const kind =
    start === "fLaC"
      ? "FLAC"
      : start === "OggS"
        ? "Ogg"
        : tag(view, 4) === "ftyp"
          ? "MP4/M4A"
          : start.startsWith("ID3") || (second & 0xffe0) === 0xffe0
            ? "MP3"
            : start === "FORM"
              ? "AIFF"
              : start === "\x1aE\xdf\xa3"
                ? "WebM"
                : null;
  return kind ? `; it looks like ${kind}. Convert it with: ffmpeg -i in out.wav` : "";
}

function describe(durationMs: number): string {
  const seconds = Math.round(durationMs / 1000);
  return seconds < 120 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
