import { randomUUID } from "node:crypto";
import { link, mkdir, open, readFile, rename, rm, stat, utimes } from "node:fs/promises";
import path from "node:path";
import type { Clock } from "../../shared/clock.ts";
import { AppError, systemCode } from "../../shared/errors.ts";
import { diskError } from "./part-file.ts";

/** How often a holder says that it is still there. */
const BEAT_MS = 10_000;
/** A lock without a beat for this long is nobody's: its process may have ended, and its number be another's by now. */
const STALE_MS = 60_000;
/** Attempts to take over what others left behind. */
const ATTEMPTS = 5;

interface Held {
  readonly lock: Promise<AsyncDisposable>;
  users: number;
}

/**
 * Makes sure that one process at a time works on a repository's files: the app may be open while somebody types
 * `models add`. What this process does side by side is its own affair.
 */
export class RepositoryLocks {
  readonly #root: string;
  readonly #clock: Clock;
  readonly #held = new Map<string, Held>();
  /** The last lock given back: whoever comes meanwhile must not find it there and take it for another's. */
  #left: Promise<unknown> = Promise.resolve();

  /** Locks lie in `root`, as small files that tell who works. */
  constructor(root: string, clock: Clock) {
    this.#root = root;
    this.#clock = clock;
  }

  /**
   * Until the result is disposed other processes keep away. Rejects with `unsupported` while another one works there, with
   * its process number; `file-unwritable`, `disk-full`.
   */
  async enter(repo: string): Promise<AsyncDisposable> {
    const held = this.#held.get(repo) ?? { lock: this.#acquire(repo), users: 0 };
    this.#held.set(repo, held);
    held.users += 1;
    const lock = await held.lock.catch((error: unknown) => {
      // Whoever comes from now on asks anew.
      if (this.#held.get(repo) === held) this.#held.delete(repo);
      throw error;
    });
    return {
      [Symbol.asyncDispose]: async () => {
        if (--held.users > 0) return;
        this.#held.delete(repo);
        const given = lock[Symbol.asyncDispose]();
        this.#left = Promise.resolve(given).catch(() => {});
        await given;
      },
    };
  }

  async #acquire(repo: string): Promise<AsyncDisposable> {
    await this.#left;
    return await acquired(this.#root, repo, this.#clock);
  }
}

async function acquired(root: string, repo: string, clock: Clock): Promise<AsyncDisposable> {
  const file = path.join(root, ".locks", `${repo.replaceAll("/", "--")}.lock`);
  try {
    await mkdir(path.dirname(file), { recursive: true });
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (await created(file)) return kept(file, clock);
      await takeAway(file, repo, clock);
    }
  } catch (error) {
    throw diskError(error, file);
  }
  throw busy(repo, null);
}

/** Removes a lock that nobody holds any more; throws `unsupported` when somebody does. */
async function takeAway(file: string, repo: string, clock: Clock): Promise<void> {
  const [pid, beat] = await Promise.all([readFile(file, "utf8"), stat(file)]).catch(() => [null, null]);
  // Given back in between.
  if (pid === null || beat === null) return;
  // Its number is written a moment after it is made.
  const isHeld = pid === "" || isAlive(Number(pid));
  if (isHeld && clock.nowMs() - beat.mtimeMs < STALE_MS) throw busy(repo, pid === "" ? null : Number(pid));
  // Of several that find it left behind one gets it, and a slower one must not take away what that one made in its place.
  const own = `${file}.${randomUUID()}`;
  try {
    await rename(file, own);
    const moved = await stat(own);
    if (moved.ino !== beat.ino || moved.mtimeMs !== beat.mtimeMs) await link(own, file);
  } catch {
    // Somebody else was faster; the next attempt sees what there is.
  }
  await rm(own, { force: true });
}

async function created(file: string): Promise<boolean> {
  try {
    const handle = await open(file, "wx");
    await handle.writeFile(String(process.pid));
    await handle.close();
    return true;
  } catch (error) {
    if (systemCode(error) === "EEXIST") return false;
    throw error;
  }
}

function kept(file: string, clock: Clock): AsyncDisposable {
  let timer: Disposable;
  const beat = (): void => {
    const now = new Date(clock.nowMs());
    // A beat that fails is made up for by the next; a file that is gone is nobody's to keep.
    void utimes(file, now, now).catch(() => {});
    timer = clock.after(BEAT_MS, beat);
  };
  timer = clock.after(BEAT_MS, beat);
  return {
    async [Symbol.asyncDispose]() {
      timer[Symbol.dispose]();
      await rm(file, { force: true });
    },
  };
}

/** Signal 0 asks and does nothing; a process of another user refuses it, and is alive. */
function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) === "EPERM";
  }
}

function busy(repo: string, pid: number | null): AppError {
  const who = pid === null ? "Another Parley" : `Another Parley (process ${pid})`;
  return new AppError(
    "unsupported",
    `${who} is working on ${repo} just now. Wait until it is done, or end it, then try again.`,
    { details: { pid } },
  );
}
