import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { WhisperFeatureExtractor } from "@huggingface/transformers";
import { z } from "zod";
import { readModelJson } from "../../src/main/models/model-folder.ts";
import type { MelBlock } from "../../src/main/models/services.ts";

/** The demo Voxtral and what PyTorch made of it (tools/nano/voxtral/golden.py). */
export const nanoDir = join(import.meta.dirname, "../../resources/models/nano/voxtral");
const goldenDir = join(import.meta.dirname, "../golden/voxtral");

const outcome = { prompt_ids: z.array(z.number()), generated_ids: z.array(z.number()), text: z.string() };
const goldenSchema = z.object({
  items: z.array(
    z.object({
      ...outcome,
      file: z.string(),
      kind: z.enum(["chat", "system", "transcribe"]),
      n_samples: z.number(),
    }),
  ),
  multi_turn: z.array(z.object({ ...outcome, files: z.tuple([z.string(), z.string()]) })),
  text_only: z.array(z.object({ ...outcome, question: z.string() })),
});

export const golden = goldenSchema.parse(JSON.parse(readFileSync(join(goldenDir, "golden.json"), "utf8")));

export function goldenItem(file: string): (typeof golden.items)[number] {
  const item = golden.items.find((candidate) => candidate.file === file);
  if (!item) throw new Error(`golden.json has no item ${file}`);
  return item;
}

/** Samples of a golden wav: all are 16 kHz mono PCM16 with a 44-byte header (soundfile). */
export function goldenSamples(file: string): Float32Array {
  const bytes = readFileSync(join(goldenDir, file));
  const samples = new Int16Array(bytes.buffer.slice(bytes.byteOffset + 44, bytes.byteOffset + bytes.length));
  return Float32Array.from(samples, (sample) => sample / 32_768);
}

const WINDOW_SAMPLES = 480_000;
const FRAMES = 3000;
const BINS = 128;
const extractor = new WhisperFeatureExtractor(readModelJson(nanoDir, "preprocessor_config.json"));

/**
 * Log-mel blocks of `samples` from the reference extractor, so that these tests do not depend on the listener's. Its
 * final (x + 4) / 4 is undone; its floor is at the window's own maximum, so flooring again changes nothing.
 */
export async function melBlocks(utteranceId: string, samples: Float32Array): Promise<readonly MelBlock[]> {
  const windows = Math.max(1, Math.ceil(samples.length / WINDOW_SAMPLES));
  const blocks = Array.from({ length: windows }, async (_, window): Promise<MelBlock> => {
    const start = window * WINDOW_SAMPLES;
    const data = await frames(samples.slice(start, start + WINDOW_SAMPLES));
    const block = { utteranceId, window, startFrame: 0, frames: FRAMES, data };
    return window === windows - 1 ? { ...block, final: { samples: samples.length } } : block;
  });
  return Promise.all(blocks);
}

const extracted = new Map<string, Float32Array>();

/** Frame-major [3000][128]. Kept by content, since the extractor takes longer than the model. */
async function frames(samples: Float32Array): Promise<Float32Array> {
  const key = createHash("sha1").update(new Uint8Array(samples.buffer)).digest("hex");
  const known = extracted.get(key);
  if (known) return known;
  const { input_features } = await extractor._call(samples);
  const values = Float32Array.from(input_features.data, Number);
  const data = new Float32Array(FRAMES * BINS);
  for (let frame = 0; frame < FRAMES; frame++) {
    for (let bin = 0; bin < BINS; bin++) data[frame * BINS + bin] = values[bin * FRAMES + frame]! * 4 - 4;
  }
  extracted.set(key, data);
  return data;
}
