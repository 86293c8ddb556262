import { createHash, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import type { RemoteFile } from "./hub.ts";

export type Digest = NonNullable<RemoteFile["digest"]>;

/** Starts the digest that the hub knows a file by. Git hashes a blob with its length in front. */
export function startDigest(algorithm: Digest["algorithm"], bytes: number): Hash {
  if (algorithm === "sha256") return createHash("sha256");
  return createHash("sha1").update(`blob ${bytes}\0`);
}

/** Feeds `path`, up to `end` bytes of it, into `hash`. Rejects when it cannot be read or `signal` aborts. */
export async function digestFile(hash: Hash, path: string, end: number, signal?: AbortSignal): Promise<void> {
  if (end === 0) return;
  const stream: AsyncIterable<Buffer> = createReadStream(path, {
    end: end - 1,
    highWaterMark: 1024 * 1024,
    ...(signal && { signal }),
  });
  for await (const block of stream) hash.update(block);
}

/** Whether the file has this content. */
export async function hasDigest(
  path: string,
  bytes: number,
  digest: Digest,
  signal?: AbortSignal,
): Promise<boolean> {
  const hash = startDigest(digest.algorithm, bytes);
  await digestFile(hash, path, bytes, signal);
  return hash.digest("hex") === digest.hex;
}
