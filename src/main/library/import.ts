import { copyFile, link, lstat, mkdir, readdir, realpath, stat } from "node:fs/promises";
import path from "node:path";
import { AppError } from "../../shared/errors.ts";
import type { CatalogueModel } from "./catalogue.ts";
import { Manifest } from "./manifest.ts";
import { diskError } from "./part-file.ts";

/** The Hugging Face tools' cache: HF_HUB_CACHE, or `hub` in HF_HOME, by default ~/.cache/huggingface (huggingface_hub). */
export function hubCacheFolder(env: Readonly<Record<string, string | undefined>>, home: string): string {
  const hfHome =
    env["HF_HOME"] || path.join(env["XDG_CACHE_HOME"] || path.join(home, ".cache"), "huggingface");
  return env["HF_HUB_CACHE"] || path.join(hfHome, "hub");
}

/**
 * Where a repository lies in a cache of the Hugging Face tools (`models--owner--name/snapshots/<commit>`), newest snapshot
 * that has all of the model's files; undefined when there is none.
 */
export async function findInHubCache(model: CatalogueModel, cache: string): Promise<string | undefined> {
  const snapshots = path.join(cache, `models--${model.repo.replaceAll("/", "--")}`, "snapshots");
  const names = await readdir(snapshots).catch((): string[] => []);
  const folders = await Promise.all(
    names.map(async (name) => {
      const folder = path.join(snapshots, name);
      const missing = await missingFiles(model, folder);
      return { folder, isWhole: missing.length === 0, atMs: (await stat(folder)).mtimeMs };
    }),
  );
  return folders.filter(({ isWhole }) => isWhole).sort((a, b) => b.atMs - a.atMs)[0]?.folder;
}

/** The model's files that `folder` lacks, or has in another size. */
export async function missingFiles(model: CatalogueModel, folder: string): Promise<string[]> {
  const missing = await Promise.all(
    model.files.map(async (file) => {
      const found = await stat(path.join(folder, file.path)).catch(() => undefined);
      return found?.isFile() && (file.bytes === null || found.size === file.bytes) ? [] : [file.path];
    }),
  );
  return missing.flat();
}

/**
 * Takes a model's files over from `source`: as hard links where the disk allows it, so that they cost nothing, else as
 * copies. Throws `model-missing` with what `source` lacks, before anything is taken.
 */
export async function importModel(
  model: CatalogueModel,
  source: string,
  folder: string,
  signal: AbortSignal,
): Promise<void> {
  const missing = await missingFiles(model, source);
  if (missing.length > 0) {
    throw new AppError(
      "model-missing",
      `${source} is not a complete ${model.name}: ${listed(missing)} missing, or of another size. Choose the folder that holds config.json and onnx/.`,
      { details: { source, missing } },
    );
  }
  const manifest = new Manifest(folder, model.repo);
  for (const { path: file } of model.files) {
    signal.throwIfAborted();
    const target = path.join(folder, file);
    await takeOver(await realpath(path.join(source, file)), target);
    // Its content is what the person gave us; whether it is what the hub has, `verify` finds out.
    await manifest.add(file, null, null);
  }
}

async function takeOver(source: string, target: string): Promise<void> {
  try {
    await mkdir(path.dirname(target), { recursive: true });
    const present = await lstat(target).catch(() => undefined);
    if (present) {
      const given = await stat(source);
      if (given.ino === present.ino && given.dev === present.dev) return;
      throw new AppError(
        "file-unwritable",
        `${target} is there already. Delete this model first, then import it.`,
        {
          details: { target },
        },
      );
    }
    try {
      await link(source, target);
    } catch {
      // Another disk, or one without links.
      await copyFile(source, target);
    }
  } catch (error) {
    throw diskError(error, target);
  }
}

function listed(files: readonly string[]): string {
  const shown = files.slice(0, 3).join(", ");
  return files.length > 3
    ? `${shown} and ${files.length - 3} more are`
    : `${shown} ${files.length > 1 ? "are" : "is"}`;
}
