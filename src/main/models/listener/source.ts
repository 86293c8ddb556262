import { open, stat, type FileHandle } from "node:fs/promises";
import { setImmediate as nextTick } from "node:timers/promises";
import { LISTEN_RATE_HZ } from "../../../shared/audio.ts";
import { AppError, systemCode } from "../../../shared/errors.ts";
import type { DecodedAudio } from "../services.ts";
import { measureLevel } from "./level.ts";
import { Resampler } from "./resampler.ts";
import { readWavHeader, type WavHeader } from "./wav-header.ts";
import { refuseTooLong, WavDecoder } from "./wav.ts";

/** Enough for every usual header; a picture or a log before the samples makes it grow. */
const HEAD_BYTES = 64 * 1024;
const MAX_HEAD_BYTES = 16 * 2 ** 20;
/** Decoded at a time: about 10 ms of work, so that a microphone's blocks get their turn in between. */
const BLOCK_BYTES = 128 * 1024;

interface Bytes extends AsyncDisposable {
  readonly size: number;
  /** Up to `length` bytes from `offset`; fewer at the end. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

/**
 * Reads and decodes a recording to 16 kHz mono, block by block: neither the file nor its samples at the original rate
 * are ever held whole, and other work of this process goes on. Errors: file-unreadable, bad-audio, audio-too-long.
 */
export async function decodeSource(
  source: { readonly path: string } | { readonly bytes: Uint8Array },
  maxDurationMs: number,
): Promise<DecodedAudio> {
  await using bytes = "path" in source ? await openFile(source.path) : inMemory(source.bytes);
  const header = await readHeader(bytes);
  refuseTooLong(header, maxDurationMs);
  const { rateHz, channels, blockBytes } = header;
  const decoder = new WavDecoder(header);
  const resampler = new Resampler(rateHz, LISTEN_RATE_HZ);
  const samples = new Float32Array(Math.round((header.frames * LISTEN_RATE_HZ) / rateHz));
  let frames = 0;
  let filled = 0;
  const keep = (part: Float32Array): void => {
    samples.set(part, filled);
    filled += part.length;
  };
  const blockFrames = Math.max(1, Math.floor(BLOCK_BYTES / blockBytes));
  while (frames < header.frames) {
    const wanted = Math.min(blockFrames, header.frames - frames);
    const block = decoder.decode(await bytes.read(header.start + frames * blockBytes, wanted * blockBytes));
    frames += block.length;
    keep(resampler.push(block));
    if (block.length < wanted) break;
    await nextTick();
  }
  keep(resampler.tail());
  const heard = samples.subarray(0, filled);
  if (heard.length === 0)
    throw new AppError("bad-audio", "The recording is shorter than a single sample at 16 kHz.");
  return {
    samples: heard,
    sourceRateHz: rateHz,
    sourceChannels: channels,
    durationMs: (frames / rateHz) * 1000,
    warnings:
      frames < header.frames
        ? [...decoder.warnings(), "The file was shortened while it was being read."]
        : decoder.warnings(),
    ...measureLevel(heard),
  };
}

async function readHeader(bytes: Bytes): Promise<WavHeader> {
  for (let length = HEAD_BYTES; ; length *= 4) {
    const header = readWavHeader(await bytes.read(0, length), bytes.size);
    if (header) return header;
    if (length >= MAX_HEAD_BYTES || length >= bytes.size)
      throw new AppError("bad-audio", "The wav file was cut off before its samples begin.");
  }
}

function inMemory(bytes: Uint8Array): Bytes {
  return {
    size: bytes.byteLength,
    read: (offset, length) => Promise.resolve(bytes.subarray(offset, offset + length)),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

function openFile(path: string): Promise<Bytes> {
  return explained(path, async () => {
    const info = await stat(path);
    if (info.isDirectory()) throw new AppError("file-unreadable", `${path} is a folder, not a recording.`);
    // A pipe would be waited for, and a device read, without end.
    if (!info.isFile())
      throw new AppError("file-unreadable", `${path} is not an ordinary file. Save the recording first.`);
    const handle = await open(path);
    return {
      size: info.size,
      read: (offset, length) =>
        explained(path, () => readFully(handle, offset, Math.min(length, Math.max(0, info.size - offset)))),
      [Symbol.asyncDispose]: () => handle.close(),
    };
  });
}

/** A network drive may hand over less than was asked for before the end. */
async function readFully(handle: FileHandle, offset: number, length: number): Promise<Uint8Array> {
  const buffer = new Uint8Array(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(buffer, filled, length - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

/** Runs `work`; what the file system answers becomes a sentence that names the file. */
async function explained<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError("file-unreadable", `${path} cannot be read: ${reason(error)}`, { cause: error });
  }
}

function reason(error: unknown): string {
  const code = systemCode(error);
  if (code === "ENOENT" || code === "ENOTDIR") return "there is no such file.";
  if (code === "EACCES" || code === "EPERM") return "you have no permission to read it.";
  return error instanceof Error ? error.message : String(error);
}
