import { stat } from "node:fs/promises";
import path from "node:path";
import { AppError } from "../../shared/errors.ts";
import type { CatalogueModel } from "./catalogue.ts";
import { hasDigest } from "./digest.ts";
import { diskTooSmall, downloadFile, type DownloadWorld } from "./file-download.ts";
import type { RemoteFile } from "./hub.ts";
import { Manifest } from "./manifest.ts";
import { partPathOf } from "./part-file.ts";

/** Files at once: one connection rarely fills a line, and more than a few only share it. */
const PARALLEL_FILES = 3;

export interface DownloadProgress {
  /** Bytes of the model that are here, and in all; null until the hub has told every size. */
  readonly receivedBytes: number;
  readonly totalBytes: number | null;
}

export interface ModelDownload {
  readonly model: CatalogueModel;
  /** The repository's folder: `<root>/<owner>/<name>`, as transformers.js caches it. */
  readonly folder: string;
  readonly onProgress: (progress: DownloadProgress) => void;
}

interface Piece {
  readonly path: string;
  readonly target: string;
  readonly remote: RemoteFile;
}

/**
 * Brings all files of a model here, from one commit of its repository. Files that are here and right are not fetched
 * again, whoever brought them. Throws as `downloadFile`, after all its files have stopped.
 */
export async function downloadModel(
  download: ModelDownload,
  world: DownloadWorld,
  signal: AbortSignal,
): Promise<void> {
  const { model, folder, onProgress } = download;
  const manifest = new Manifest(folder, model.repo);
  const received = new Map<string, number>();
  let totalBytes: number | null = null;
  const report = (file: string, bytes: number): void => {
    received.set(file, bytes);
    onProgress({ receivedBytes: [...received.values()].reduce((a, b) => a + b, 0), totalBytes });
  };
  const present = model.files.filter(({ path: file }) => manifest.has(file));
  for (const { path: file } of present) received.set(file, manifest.find(file)!.bytes);
  const missing = model.files.filter((file) => !present.includes(file));
  if (missing.length === 0) return;
  const pieces = await describeAll(
    model,
    folder,
    missing.map((file) => file.path),
    manifest,
    world,
    signal,
  );
  totalBytes =
    [...received.values()].reduce((a, b) => a + b, 0) +
    pieces.reduce((sum, { remote }) => sum + remote.bytes, 0);
  await checkRoom(pieces, folder, world);
  const commit = pieces.find(({ remote }) => remote.commit !== null)?.remote.commit ?? null;
  const bring = async (piece: Piece, stop: AbortSignal): Promise<void> => {
    const digest = piece.remote.digest;
    if (!(await isHere(piece, stop))) {
      const url = world.hub.url(model.repo, commit ?? model.revision, piece.path);
      const onBytes = (bytes: number): void => report(piece.path, bytes);
      await downloadFile({ url, target: piece.target, remote: piece.remote, onBytes }, world, stop);
    }
    report(piece.path, piece.remote.bytes);
    await manifest.add(piece.path, digest?.hex ?? null, piece.remote.commit);
  };
  await inParallel(pieces, bring, signal);
}

/** Size and digest of each file. All of them have to come from one commit: a push in between starts anew. */
async function describeAll(
  model: CatalogueModel,
  folder: string,
  files: readonly string[],
  manifest: Manifest,
  world: DownloadWorld,
  signal: AbortSignal,
): Promise<Piece[]> {
  // What is here decides: files of another commit would not fit to it.
  const revision = manifest.commit ?? model.revision;
  const describe = async (file: string, at: string): Promise<Piece> => ({
    path: file,
    target: path.join(folder, ...file.split("/")),
    remote: await world.hub.describe(world.hub.url(model.repo, at, file), signal),
  });
  const [first, ...rest] = files;
  const piece = await describe(first!, revision);
  const pieces = [piece];
  const at = piece.remote.commit ?? revision;
  await inParallel(rest, async (file) => void pieces.push(await describe(file, at)), signal);
  return pieces;
}

/** A file that is there, though nobody noted it: copied by hand, or its note was lost. */
async function isHere({ target, remote }: Piece, signal: AbortSignal): Promise<boolean> {
  const found = await stat(target).catch(() => undefined);
  if (found?.size !== remote.bytes) return false;
  return remote.digest === null || (await hasDigest(target, remote.bytes, remote.digest, signal));
}

/** Refuses at once what cannot end well, rather than after two gigabytes. */
async function checkRoom(pieces: readonly Piece[], folder: string, world: DownloadWorld): Promise<void> {
  const root = await existingParent(folder);
  const needed = pieces.reduce((sum, { remote }) => sum + remote.bytes, 0);
  const [free, here] = await Promise.all([world.freeBytes(root), bytesHere(pieces)]);
  if (free < needed - here) throw diskTooSmall(root, needed - here, free);
}

/** What is on the disk already, as files or as parts. */
async function bytesHere(pieces: readonly Piece[]): Promise<number> {
  const sizes = pieces.map(async ({ target, remote }) => {
    const found =
      (await stat(target).catch(() => undefined)) ??
      (await stat(partPathOf(target, remote)).catch(() => undefined));
    return Math.min(found?.size ?? 0, remote.bytes);
  });
  return (await Promise.all(sizes)).reduce((a, b) => a + b, 0);
}

async function existingParent(folder: string): Promise<string> {
  for (let at = folder; ; at = path.dirname(at)) {
    const found = await stat(at).catch(() => undefined);
    if (found?.isDirectory() || at === path.dirname(at)) return at;
  }
}

/** Works on a few at once. The first failure stops the others, and is thrown when all have stopped. */
async function inParallel<T>(
  items: readonly T[],
  work: (item: T, signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const stop = new AbortController();
  const queue = [...items];
  const both = AbortSignal.any([signal, stop.signal]);
  let failure: unknown;
  const worker = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined && !both.aborted; item = queue.shift()) {
      try {
        await work(item, both);
      } catch (error) {
        failure ??= error;
        stop.abort(new AppError("cancelled", "Another file of this model failed."));
      }
    }
  };
  await Promise.all(Array.from({ length: PARALLEL_FILES }, worker));
  if (signal.aborted) throw AppError.from(signal.reason, "cancelled");
  if (failure !== undefined) throw failure;
}
