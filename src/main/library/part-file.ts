import type { Hash } from "node:crypto";
import { mkdir, open, rename, rm, stat, type FileHandle } from "node:fs/promises";
import path from "node:path";
import { AppError, systemCode } from "../../shared/errors.ts";
import { digestFile, startDigest } from "./digest.ts";
import type { RemoteFile } from "./hub.ts";

/**
 * The beginning of a file that is being downloaded, beside its future place. Its digest grows with it, so that the whole
 * need not be read again; it gets its real name only when it is complete, right and on the disk.
 */
export class PartFile {
  readonly #target: string;
  readonly #path: string;
  readonly #remote: RemoteFile;
  #handle: FileHandle;
  #hash: Hash | null;
  #bytes: number;

  private constructor(target: string, partPath: string, remote: RemoteFile, handle: FileHandle) {
    this.#target = target;
    this.#path = partPath;
    this.#remote = remote;
    this.#handle = handle;
    this.#hash = null;
    this.#bytes = 0;
  }

  /** Opens what an earlier attempt left, or begins. The digest of what is there is computed now. */
  static async open(target: string, remote: RemoteFile, signal: AbortSignal): Promise<PartFile> {
    const partPath = partPathOf(target, remote);
    try {
      await mkdir(path.dirname(target), { recursive: true });
      const known = await stat(partPath).catch(() => undefined);
      const handle = await open(partPath, known ? "r+" : "w+");
      const part = new PartFile(target, partPath, remote, handle);
      if (known && known.size <= remote.bytes) part.#bytes = known.size;
      else await handle.truncate(0);
      await part.#rehash(signal);
      return part;
    } catch (error) {
      throw diskError(error, partPath);
    }
  }

  /** How much of the file is here. */
  get bytes(): number {
    return this.#bytes;
  }

  get isComplete(): boolean {
    return this.#bytes === this.#remote.bytes;
  }

  /** Appends; throws `disk-full` or `file-unwritable`. What was written before stays. */
  async append(block: Uint8Array): Promise<void> {
    try {
      let written = 0;
      while (written < block.length) {
        const { bytesWritten } = await this.#handle.write(
          block,
          written,
          block.length - written,
          this.#bytes + written,
        );
        written += bytesWritten;
      }
    } catch (error) {
      throw diskError(error, this.#path);
    }
    this.#hash?.update(block);
    this.#bytes += block.length;
  }

  /** Forgets everything: what is here turned out wrong. */
  async restart(): Promise<void> {
    await this.#handle.truncate(0);
    this.#bytes = 0;
    await this.#rehash();
  }

  /** Gives it its name, once all of it is on the disk. False, and it is emptied, when its content is not the hub's. */
  async finish(): Promise<boolean> {
    const { digest } = this.#remote;
    if (digest && this.#hash?.digest("hex") !== digest.hex) {
      await this.restart();
      return false;
    }
    try {
      await this.#handle.sync();
      await this.#handle.close();
      await rename(this.#path, this.#target);
      await syncFolder(path.dirname(this.#target));
    } catch (error) {
      throw diskError(error, this.#target);
    }
    return true;
  }

  async close(): Promise<void> {
    // Closing twice, or after `finish`, is how every download ends.
    await this.#handle.close().catch(() => {});
  }

  async #rehash(signal?: AbortSignal): Promise<void> {
    const { digest, bytes } = this.#remote;
    if (!digest) return;
    this.#hash = startDigest(digest.algorithm, bytes);
    await digestFile(this.#hash, this.#path, this.#bytes, signal);
  }
}

/** Another version of the same file has another part: pieces of two versions never meet. */
export function partPathOf(target: string, remote: RemoteFile): string {
  return `${target}.${remote.digest?.hex.slice(0, 12) ?? String(remote.bytes)}.part`;
}

/** What the disk did to us, in words. */
export function diskError(error: unknown, file: string): AppError {
  if (error instanceof AppError) return error;
  const code = systemCode(error);
  const details = { file };
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new AppError(
      "disk-full",
      `The disk is full: ${path.dirname(file)}. Free some space, then resume.`,
      {
        cause: error,
        details,
      },
    );
  }
  if (code === "EACCES" || code === "EPERM" || code === "EROFS" || code === "ENOTDIR") {
    return new AppError(
      "file-unwritable",
      `${path.dirname(file)} cannot be written to. Check its permissions, or choose another folder for models.`,
      { cause: error, details },
    );
  }
  return AppError.from(error, "storage");
}

/** Makes a new name last through a power cut; Windows has no such call and needs none. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Removes parts of `target`: those of other versions than `except`, or all. */
export async function removeParts(
  target: string,
  siblings: readonly string[],
  except?: string,
): Promise<void> {
  const name = path.basename(target);
  const isPart = (file: string): boolean => file.startsWith(`${name}.`) && file.endsWith(".part");
  const folder = path.dirname(target);
  for (const file of siblings) {
    const full = path.join(folder, file);
    if (isPart(file) && full !== except) await rm(full, { force: true });
  }
}
