import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { platform, totalmem } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { AppError } from "../../../shared/errors.ts";
import { graphBytes } from "../graph-size.ts";
import { kokoroFile } from "../kokoro/graph-files.ts";
import { modelNameOf, readModelJson } from "../model-folder.ts";
import type { LoadParams, RealProvider } from "../services.ts";
import { voxtralFiles } from "../voxtral/graph-files.ts";
import { providerLabels } from "./platform-providers.ts";
import type { ProbedKind } from "./probe-service.ts";
import type { Placement } from "./report.ts";

/** Memory that can be had now. */
export interface FreeMemory {
  readonly ramBytes: number;
  /** Of the roomiest graphics card; null where nothing tells. */
  readonly deviceBytes: number | null;
}

/** By graph: bytes of its weights, and what it keeps while it is used. */
export type MemoryNeed = Readonly<Record<string, number>>;

/** Positions of a conversation that should fit: about ten minutes of talk. The cache grows beyond it as it is used. */
const USUAL_POSITIONS = 4096;
/** macOS counts what it could drop as used; this share of all memory can usually be had. */
const MACOS_SHARE = 0.75;
const NVIDIA_SMI_MS = 3_000;

const shapeSchema = z.looseObject({
  text_config: z.looseObject({
    num_hidden_layers: z.number(),
    num_attention_heads: z.number(),
    num_key_value_heads: z.number().optional(),
    hidden_size: z.number(),
    head_dim: z.number().optional(),
  }),
});

/**
 * What a model takes at least: weights as they lie on the disk, and for Voxtral's decoder keys and values of
 * `USUAL_POSITIONS`. Throws as `findGraph` and `readModelJson`.
 */
export function memoryNeed(kind: ProbedKind, load: LoadParams): MemoryNeed {
  if (kind === "kokoro") return { model: graphBytes(kokoroFile(load).path) };
  const files = voxtralFiles(load);
  const { data } = shapeSchema.safeParse(readModelJson(load.modelDir, "config.json"));
  const isHalf = /f16|fp16/.test(files.decoder_model_merged.dtype);
  let kvBytes = 0;
  if (data) {
    const { text_config: shape } = data;
    const headSize = shape.head_dim ?? shape.hidden_size / shape.num_attention_heads;
    const kvHeads = shape.num_key_value_heads ?? shape.num_attention_heads;
    kvBytes = 2 * shape.num_hidden_layers * kvHeads * headSize * USUAL_POSITIONS * (isHalf ? 2 : 4);
  }
  return {
    audio_encoder: graphBytes(files.audio_encoder.path),
    embed_tokens: graphBytes(files.embed_tokens.path),
    decoder_model_merged: graphBytes(files.decoder_model_merged.path) + kvBytes,
  };
}

/** Free memory now. `root` replaces `/` in tests. Never rejects. */
export async function freeMemory(root = "/"): Promise<FreeMemory> {
  // Of both, the limits of a container count as well.
  const ramBytes = platform() === "darwin" ? MACOS_SHARE * totalmem() : process.availableMemory();
  return { ramBytes, deviceBytes: largest([...amdgpuBytes(root), ...(await nvidiaBytes(root))]) };
}

/** A sentence why `graphs` do not fit beside each other; null when they do, or nobody knows. */
export function shortage(
  model: string,
  need: MemoryNeed,
  placement: Placement,
  { ramBytes, deviceBytes }: FreeMemory,
): string | null {
  // Whatever is placed nowhere, such as the table of embeddings, is on the CPU.
  const providerOf = (graph: string): RealProvider => placement[graph] ?? "cpu";
  const sumOn = (isDevice: boolean): number =>
    Object.entries(need).reduce(
      (sum, [graph, bytes]) => ((providerOf(graph) !== "cpu") === isDevice ? sum + bytes : sum),
      0,
    );
  const device = Object.values(placement).find((provider) => provider !== "cpu");
  const remedy = "Choose a smaller precision of the model, or close other programs.";
  if (device && deviceBytes !== null && sumOn(true) > deviceBytes) {
    return `${model} needs ${inGb(sumOn(true))} of graphics memory on ${providerLabels[device]}, and ${inGb(deviceBytes)} are free. ${remedy}`;
  }
  if (sumOn(false) > ramBytes) {
    return `${model} needs ${inGb(sumOn(false))} of memory, and ${inGb(ramBytes)} are free. ${remedy}`;
  }
  return null;
}

/**
 * Refuses to load what cannot fit: half-way there a machine without memory stands still for minutes, and then something
 * else is killed. Throws AppError out-of-memory.
 */
export function assertFits(load: LoadParams, need: MemoryNeed, placement: Placement, free: FreeMemory): void {
  const sentence = shortage(modelNameOf(load.modelDir), need, placement, free);
  if (sentence !== null) throw new AppError("out-of-memory", sentence, { details: { need, ...free } });
}

/** amdgpu tells in sysfs what each card has and uses. */
function amdgpuBytes(root: string): readonly number[] {
  const folder = join(root, "sys/class/drm");
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((card) => {
    const total = numberIn(join(folder, card, "device/mem_info_vram_total"));
    const used = numberIn(join(folder, card, "device/mem_info_vram_used"));
    return /^card\d+$/.test(card) && total !== null && used !== null ? [total - used] : [];
  });
}

/** NVIDIA's driver tells through its own program only. */
async function nvidiaBytes(root: string): Promise<readonly number[]> {
  if (!existsSync(join(root, "proc/driver/nvidia/version"))) return [];
  try {
    const args = ["--query-gpu=memory.free", "--format=csv,noheader,nounits"];
    const { stdout } = await promisify(execFile)("nvidia-smi", args, { timeout: NVIDIA_SMI_MS });
    return stdout.split("\n").flatMap((line) => (/^\d+$/.test(line.trim()) ? [Number(line) * 2 ** 20] : []));
  } catch {
    // Without the program, or with a driver that does not answer, the size stays unknown.
    return [];
  }
}

function numberIn(file: string): number | null {
  if (!existsSync(file)) return null;
  const value = Number(readFileSync(file, "utf8"));
  return Number.isFinite(value) ? value : null;
}

function largest(values: readonly number[]): number | null {
  return values.length === 0 ? null : Math.max(...values);
}

/** For people: `3.1 GB`, `64 MB`. */
export function inGb(bytes: number): string {
  return bytes >= 1e8 ? `${(bytes / 1e9).toFixed(1)} GB` : `${Math.ceil(bytes / 1e6)} MB`;
}
