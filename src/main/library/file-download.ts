import { readdir, statfs } from "node:fs/promises";
import path from "node:path";
import type { Clock } from "../../shared/clock.ts";
import { AppError } from "../../shared/errors.ts";
import { isTransient, retryAfterMs, type Hub, type RemoteFile } from "./hub.ts";
import { diskError, PartFile, partPathOf, removeParts } from "./part-file.ts";

/** What a download needs of the world; tests turn its clock and shrink its disk. */
export interface DownloadWorld {
  readonly hub: Hub;
  readonly clock: Clock;
  /** Free bytes of the disk that holds `folder`. */
  readonly freeBytes: (folder: string) => Promise<number>;
}

export interface FileDownload {
  readonly url: string;
  /** Its future place. */
  readonly target: string;
  readonly remote: RemoteFile;
  /** How much of the file is here now; goes down when what was here turned out wrong. */
  readonly onBytes: (bytes: number) => void;
}

/** A connection that brings nothing for this long is given up and made again (the time the best downloaders take). */
export const STALL_MS = 30_000;
/** Attempts in a row that bring not a single byte. Every byte starts the count again: a slow line may take days. */
const MAX_FRUITLESS = 6;
/** Back-off doubles from here … */
const FIRST_PAUSE_MS = 1_000;
/** … to here. A server's own wish (Retry-After) is followed up to a quarter of an hour. */
const LONGEST_PAUSE_MS = 30_000;
const LONGEST_WISH_MS = 15 * 60_000;
/** Complete files with wrong content in a row, before we believe that the server really has another file. */
const MAX_WRONG = 2;
/** Left on the disk for everything else. */
const RESERVE_BYTES = 200_000_000;
const DISK_CHECK_BYTES = 64 * 1024 * 1024;

/** Free bytes of the disk that holds `folder` for us. */
export async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/**
 * Brings one file here: resumes what is there, tries again as long as it gets on, believes nothing but its digest.
 * Throws AppError: `cancelled` (the part stays), network, access-denied, model-missing, model-corrupt, disk-full,
 * file-unwritable.
 */
export async function downloadFile(
  file: FileDownload,
  world: DownloadWorld,
  signal: AbortSignal,
): Promise<void> {
  const part = await PartFile.open(file.target, file.remote, signal);
  let mayResume = true;
  let wrong = 0;
  try {
    const folder = path.dirname(file.target);
    await removeParts(file.target, await readdir(folder), partPathOf(file.target, file.remote));
    for (let fruitless = 0; ;) {
      file.onBytes(part.bytes);
      signal.throwIfAborted();
      const before = part.bytes;
      try {
        if (!part.isComplete) await fill(part, file, world, mayResume, signal);
        if (await part.finish()) return;
      } catch (error) {
        if (signal.aborted || !isTransient(error)) throw error;
        mayResume = !isLie(error);
        fruitless = part.bytes > before ? 0 : fruitless + 1;
        if (fruitless >= MAX_FRUITLESS) throw error;
        await pause(pauseMs(error, fruitless, world.clock.nowMs()), world.clock, signal);
        continue;
      }
      // Complete, and not what the hub says it is: a part of an old day, a proxy's page, or a server that lies.
      mayResume = false;
      wrong++;
      if (wrong >= MAX_WRONG) throw wrongContent(file);
    }
  } catch (error) {
    throw signal.aborted ? AppError.from(signal.reason, "cancelled") : diskError(error, file.target);
  } finally {
    await part.close();
  }
}

/** One request: appends what it brings. Throws transient errors for everything that another request may mend. */
async function fill(
  part: PartFile,
  file: FileDownload,
  world: DownloadWorld,
  mayResume: boolean,
  signal: AbortSignal,
): Promise<void> {
  await checkDisk(part, file, world);
  const abort = new AbortController();
  const stop = (): void => abort.abort(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  let watchdog: Disposable | undefined;
  const watch = (): void => {
    watchdog?.[Symbol.dispose]();
    watchdog = world.clock.after(STALL_MS, () => {
      abort.abort(
        new AppError("network", `${host(file)} sends nothing any more. Check the network, then resume.`),
      );
    });
  };
  try {
    watch();
    const response = await world.hub.read(file.url, mayResume ? part.bytes : 0, abort.signal);
    if (response.status === 416) {
      // Asked beyond its end: what is here belongs to another file.
      await part.restart();
      throw lie(file, "has less than it said");
    }
    let skip = skipped(response, part.bytes, file);
    let checkAt = part.bytes + DISK_CHECK_BYTES;
    for await (const received of blocksOf(response)) {
      watch();
      const ignored = Math.min(skip, received.length);
      skip -= ignored;
      // A server that runs past the end is stopped there: the digest judges what came before.
      const block = received.subarray(ignored, ignored + file.remote.bytes - part.bytes);
      await part.append(block);
      file.onBytes(part.bytes);
      if (part.isComplete) return;
      if (part.bytes < checkAt) continue;
      await checkDisk(part, file, world);
      checkAt = part.bytes + DISK_CHECK_BYTES;
    }
    throw new AppError("network", `${host(file)} ended the connection early. Resume to go on.`);
  } catch (error) {
    if (signal.aborted) throw AppError.from(signal.reason, "cancelled");
    if (abort.signal.aborted) throw AppError.from(abort.signal.reason, "network");
    // A socket that breaks under us is a network error, whatever undici calls it.
    throw error instanceof AppError
      ? error
      : new AppError("network", `${host(file)} broke the connection.`, { cause: error });
  } finally {
    watchdog?.[Symbol.dispose]();
    signal.removeEventListener("abort", stop);
    abort.abort();
  }
}

/** How many bytes of the answer are here already. Throws when it is no answer to what was asked. */
function skipped(response: Response, have: number, file: FileDownload): number {
  const { headers, status } = response;
  if (headers.get("content-type")?.startsWith("text/html")) {
    throw new AppError(
      "network",
      `${host(file)} answers with a web page. Log in to your network, then resume.`,
    );
  }
  if (status !== 206) {
    const length = headers.get("content-length");
    if (length !== null && Number(length) !== file.remote.bytes) {
      throw lie(file, `sends ${length} bytes instead of ${file.remote.bytes}`);
    }
    // The range was ignored and all of it comes again: the beginning that is here stays, whatever happens.
    return have;
  }
  const range = /^bytes (\d+)-(\d+)\/(\d+|\*)$/u.exec(headers.get("content-range") ?? "");
  const start = Number(range?.[1] ?? Number.NaN);
  const total = range?.[3];
  const isWrongFile = total !== undefined && total !== "*" && Number(total) !== file.remote.bytes;
  if (!(start <= have) || isWrongFile) throw lie(file, "sends another part than it was asked for");
  return have - start;
}

async function* blocksOf(response: Response): AsyncGenerator<Uint8Array> {
  if (!response.body) return;
  for await (const block of response.body) yield block;
}

async function checkDisk(part: PartFile, file: FileDownload, world: DownloadWorld): Promise<void> {
  const folder = path.dirname(file.target);
  const needed = file.remote.bytes - part.bytes + RESERVE_BYTES;
  const free = await world.freeBytes(folder);
  if (free >= needed) return;
  throw diskTooSmall(folder, needed, free);
}

/** Throws-to-be: says how much is needed and where. */
export function diskTooSmall(folder: string, needed: number, free: number): AppError {
  const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;
  return new AppError(
    "disk-full",
    `${gigabytes(needed)} are needed in ${folder}, and ${gigabytes(free)} are free. Free some space, then resume.`,
    { details: { folder, needed, free } },
  );
}

function lie(file: FileDownload, what: string): AppError {
  return new AppError(
    "network",
    `${host(file)} ${what}. Resume to try again, or set HF_ENDPOINT to a mirror.`,
    {
      details: { isLie: true },
    },
  );
}

function isLie(error: unknown): boolean {
  const { details } = AppError.from(error);
  return typeof details === "object" && details !== null && "isLie" in details;
}

function wrongContent(file: FileDownload): AppError {
  return new AppError(
    "model-corrupt",
    `${host(file)} sends a damaged ${path.basename(file.target)} again and again. Try a mirror (HF_ENDPOINT), or later.`,
    { details: { file: file.target } },
  );
}

function host(file: FileDownload): string {
  return new URL(file.url).host;
}

function pauseMs(error: unknown, fruitless: number, nowMs: number): number {
  const wishMs = retryAfterMs(error, nowMs);
  if (wishMs !== undefined) return Math.min(LONGEST_WISH_MS, wishMs);
  return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.max(0, fruitless - 1));
}

function pause(ms: number, clock: Clock, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = clock.after(ms, resolve);
  signal.addEventListener("abort", () => resolve(), { once: true });
  return promise.finally(() => timer[Symbol.dispose]());
}
