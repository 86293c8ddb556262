import { AppError } from "../../../shared/errors.ts";

/** What a wav file's header says: how its samples are written and where they lie. */
export interface WavHeader {
  readonly code: number;
  readonly channels: number;
  readonly rateHz: number;
  readonly bits: number;
  /** Bytes of one frame: one sample of every channel. */
  readonly blockBytes: number;
  /** RIFX, the byte order of old workstations. */
  readonly isBigEndian: boolean;
  /** Byte offset of the first sample. */
  readonly start: number;
  /** Whole frames that are really there. */
  readonly frames: number;
  readonly warnings: readonly string[];
}

type Format = Pick<WavHeader, "code" | "channels" | "rateHz" | "bits" | "blockBytes">;

export const PCM = 1;
export const FLOAT = 3;
export const A_LAW = 6;
export const MU_LAW = 7;
const EXTENSIBLE = 0xfffe;
const UNKNOWN_SIZE = 0xffffffff;

/** Rates outside this are damaged headers, not recordings. */
const MIN_RATE_HZ = 1_000;
const MAX_RATE_HZ = 768_000;
const MAX_CHANNELS = 64;

/**
 * Reads the header of a RIFF, RIFX or RF64 wav from `head`, the first bytes of a file of `totalBytes`. Returns undefined
 * when the samples begin (or would begin) beyond `head`: come again with more. Whatever sizes the recorder left
 * unwritten or wrong are taken from the file itself. Throws `bad-audio` with a sentence naming what the file looks like.
 */
export function readWavHeader(head: Uint8Array, totalBytes: number): WavHeader | undefined {
  if (totalBytes === 0) throw new AppError("bad-audio", "The file is empty.");
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const magic = tag(view, 0);
  if (!["RIFF", "RIFX", "RF64"].includes(magic) || tag(view, 8) !== "WAVE") {
    throw new AppError("bad-audio", `The file is not a wav recording${looksLike(view)}.`);
  }
  const isBigEndian = magic === "RIFX";
  let longDataBytes: number | undefined;
  let format: Format | undefined;
  for (let offset = 12; offset + 8 <= totalBytes;) {
    if (offset + 8 > view.byteLength) return undefined;
    const id = tag(view, offset);
    const length = view.getUint32(offset + 4, !isBigEndian);
    const body = offset + 8;
    if (id === "data") {
      if (!format)
        throw new AppError("bad-audio", "The wav file's header is damaged: its format is missing.");
      const written = length === UNKNOWN_SIZE && longDataBytes !== undefined ? longDataBytes : length;
      return { ...format, isBigEndian, start: body, ...extent(format, totalBytes - body, written) };
    }
    const within = Math.min(length, totalBytes - body);
    if (id === "fmt " || id === "ds64") {
      if (body + Math.min(within, 40) > view.byteLength) return undefined;
      if (id === "fmt ") format = readFormat(view, body, within, isBigEndian);
      // EBU Tech 3306: sizes beyond 4 GB; the data's is the second of three.
      else if (within >= 16) longDataBytes = Number(view.getBigUint64(body + 8, true));
    }
    offset = nextChunk(view, body + length, length);
  }
  throw new AppError("bad-audio", "The wav file was cut off before its samples begin.");
}

/** How many frames there are among the `present` bytes after the data's header, which claims `written` of them. */
function extent(
  { blockBytes }: Format,
  present: number,
  written: number,
): { frames: number; warnings: string[] } {
  // Recorders that stream, or die, leave 0 or all ones.
  const isOpenEnded = written === 0 || written === UNKNOWN_SIZE;
  const isCutOff = !isOpenEnded && written > present;
  const frames = Math.floor((isOpenEnded || isCutOff ? present : written) / blockBytes);
  if (frames === 0) throw new AppError("bad-audio", "The wav file holds no samples. Record something first.");
  return { frames, warnings: isCutOff ? ["The wav file was cut off; what is there is used."] : [] };
}

/** Chunks are padded to even lengths, but some recorders forget it. */
function nextChunk(view: DataView, end: number, length: number): number {
  if (length % 2 === 0 || ["fmt ", "data"].includes(tag(view, end))) return end;
  return end + 1;
}

function readFormat(view: DataView, body: number, length: number, isBigEndian: boolean): Format {
  if (length < 16) throw new AppError("bad-audio", "The wav file's header is cut off.");
  let code = view.getUint16(body, !isBigEndian);
  const channels = view.getUint16(body + 2, !isBigEndian);
  const rateHz = view.getUint32(body + 4, !isBigEndian);
  const bits = view.getUint16(body + 14, !isBigEndian);
  // The real code opens the sub-format's GUID (Microsoft, WAVEFORMATEXTENSIBLE).
  if (code === EXTENSIBLE && length >= 26) code = view.getUint16(body + 24, !isBigEndian);
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
  if (!isReadable(code, bits)) {
    throw new AppError(
      "bad-audio",
      `The wav file holds ${bits}-bit samples of encoding ${code}, which Parley cannot read. ` +
        "Convert it to 16-bit PCM, for example with: ffmpeg -i in.wav -c:a pcm_s16le out.wav",
    );
  }
  // The header's own block size is not trusted: recorders get it wrong, and a wrong one reads noise.
  return { code, channels, rateHz, bits, blockBytes: Math.ceil(bits / 8) * channels };
}

function isReadable(code: number, bits: number): boolean {
  if (code === PCM) return bits >= 1 && bits <= 32;
  if (code === FLOAT) return bits === 32 || bits === 64;
  return (code === A_LAW || code === MU_LAW) && bits === 8;
}

/** Four characters, or "" beyond the end. */
function tag(view: DataView, offset: number): string {
  if (offset + 4 > view.byteLength) return "";
  return String.fromCharCode(...new Uint8Array(view.buffer, view.byteOffset + offset, 4));
}

const containers: Readonly<Record<string, string>> = {
  fLaC: "FLAC",
  OggS: "Ogg",
  FORM: "AIFF",
  "\x1aE\xdf\xa3": "WebM",
};

/** People try what they have: name the format, and how to make a wav of it. */
function looksLike(view: DataView): string {
  const start = tag(view, 0);
  const kind = containers[start] ?? (tag(view, 4) === "ftyp" ? "MP4/M4A" : mpegKind(view, start));
  return kind ? `; it looks like ${kind}. Convert it with: ffmpeg -i in out.wav` : "";
}

/** An MPEG frame opens with 11 set bits; then two bits of layer, 0 for AAC. FF FE would be text in UTF-16. */
function mpegKind(view: DataView, start: string): string | undefined {
  if (start.startsWith("ID3")) return "MP3";
  const sync = view.byteLength > 1 ? view.getUint16(0) : 0;
  if ((sync & 0xffe0) !== 0xffe0 || sync >= 0xfffe) return undefined;
  return (sync & 0x0006) === 0 ? "AAC" : "MP3";
}
