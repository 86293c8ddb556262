import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import path from "node:path";
import { AppError } from "../../shared/errors.ts";
import type { CatalogueModel } from "./catalogue.ts";
import { hasDigest } from "./digest.ts";
import type { Hub } from "./hub.ts";
import { Manifest } from "./manifest.ts";

export interface Verification {
  readonly model: CatalogueModel;
  /** The repository's folder. */
  readonly folder: string;
  /** Called after each file, with its bytes. */
  readonly onFile: (bytes: number) => void;
}

/**
 * Reads every file of a model and compares it with the hub's digest; notes those that are right. Throws `model-corrupt` with
 * the names of those that are not, which are removed, and the hub's errors.
 */
export async function verifyModel(
  { model, folder, onFile }: Verification,
  hub: Hub,
  signal: AbortSignal,
): Promise<void> {
  const manifest = new Manifest(folder, model.repo);
  const damaged: string[] = [];
  for (const { path: file } of model.files) {
    const target = path.join(folder, file);
    if (!existsSync(target)) continue;
    const url = hub.url(model.repo, manifest.commit ?? model.revision, file);
    const remote = await hub.describe(url, signal);
    const isRight = remote.digest === null || (await hasDigest(target, remote.bytes, remote.digest, signal));
    onFile(remote.bytes);
    if (isRight) {
      await manifest.add(file, remote.digest?.hex ?? null, remote.commit);
      continue;
    }
    damaged.push(file);
    await rm(target, { force: true });
    await manifest.remove(file);
  }
  if (damaged.length === 0) return;
  const sentence = `Damaged and removed: ${damaged.join(", ")}. Download the model again.`;
  throw new AppError("model-corrupt", sentence, { details: { damaged } });
}
