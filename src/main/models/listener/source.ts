import { readFile, stat } from "node:fs/promises";
import { LISTEN_RATE_HZ } from "../../../shared/audio.ts";
import { AppError } from "../../../shared/errors.ts";
import type { DecodedAudio } from "../services.ts";
import { measureLevel } from "./level.ts";
import { resample } from "./resampler.ts";
import { decodeWav } from "./wav.ts";

/** More than any wav within the longest limit at a sane format: a wrong file should not fill memory first. */
const MAX_FILE_BYTES = 2 ** 31;

/** Reads and decodes a recording to 16 kHz mono. Errors: file-unreadable, bad-audio, audio-too-long. */
export async function decodeSource(
  source: { readonly path: string } | { readonly bytes: Uint8Array },
  maxDurationMs: number,
): Promise<DecodedAudio> {
  const bytes = "path" in source ? await readAudioFile(source.path) : source.bytes;
  const { samples: raw, rateHz, channels, warnings } = decodeWav(bytes, maxDurationMs);
  const samples = resample(raw, rateHz, LISTEN_RATE_HZ);
  if (samples.length === 0)
    throw new AppError("bad-audio", "The recording is shorter than a single sample at 16 kHz.");
  return {
    samples,
    sourceRateHz: rateHz,
    sourceChannels: channels,
    durationMs: (raw.length / rateHz) * 1000,
    warnings,
    ...measureLevel(samples),
  };
}

async function readAudioFile(path: string): Promise<Uint8Array> {
  try {
    const info = await stat(path);
    if (info.isDirectory()) throw new AppError("file-unreadable", `${path} is a folder, not a recording.`);
    if (info.size > MAX_FILE_BYTES) throw new AppError("audio-too-long", `${path} is larger than 2 GB.`);
    return await readFile(path);
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError("file-unreadable", `${path} cannot be read: ${reason(error)}`, { cause: error });
  }
}

function reason(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ENOENT") return "there is no such file.";
  if (code === "EACCES" || code === "EPERM") return "you have no permission to read it.";
  return error instanceof Error ? error.message : String(error);
}
