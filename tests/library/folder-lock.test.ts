import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { RepositoryLocks } from "../../src/main/library/folder-lock.ts";
import { systemClock } from "../../src/shared/clock.ts";

const repo = "owner/model";
let root: string;
beforeEach(() => void (root = mkdtempSync(path.join(tmpdir(), "parley-locks-"))));
afterEach(() => rmSync(root, { recursive: true }));

const locks = (): RepositoryLocks => new RepositoryLocks(root, systemClock);
const file = (): string => path.join(root, ".locks", "owner--model.lock");
const left = (): string[] => readdirSync(path.dirname(file()));

/** As another process leaves it. */
function leave(content: string, ageMs = 0): void {
  mkdirSync(path.dirname(file()), { recursive: true });
  writeFileSync(file(), content);
  const date = new Date(Date.now() - ageMs);
  utimesSync(file(), date, date);
}

describe("R20 one process at a time works on a repository", () => {
  test("another one is refused with the number of the first, until that has ended, however it did", async () => {
    const entry = fileURLToPath(new URL("../support/lock-process.ts", import.meta.url));
    const child = fork(entry, [root, repo], { execArgv: [] });
    await once(child, "message");
    const refusal = { code: "unsupported", message: expect.stringContaining(`(process ${child.pid})`) };
    await expect(locks().enter(repo)).rejects.toMatchObject(refusal);
    await using _another = await locks().enter("owner/another");

    child.kill("SIGKILL");
    await once(child, "exit");
    const lock = await locks().enter(repo);
    await lock[Symbol.asyncDispose]();
    expect(left()).toEqual(["owner--another.lock"]);
  });

  test("what one process does side by side is its own affair, and the last one gives the lock back", async () => {
    const own = locks();
    const first = await own.enter(repo);
    const second = await own.enter(repo);
    await first[Symbol.asyncDispose]();
    await expect(locks().enter(repo)).rejects.toMatchObject({ code: "unsupported" });
    await second[Symbol.asyncDispose]();
    await using _third = await locks().enter(repo);
  });

  test("one who comes while it is being given back does not take it for another's", async () => {
    const own = locks();
    for (let round = 0; round < 20; round++) {
      const lock = await own.enter(repo);
      const given = lock[Symbol.asyncDispose]();
      await using _next = await own.enter(repo);
      await given;
      expect(left()).toEqual(["owner--model.lock"]);
    }
    expect(left()).toEqual([]);
  });

  test.each([
    ["of a process number that is another program's by now", String(process.pid), 120_000],
    ["that was never finished", "", 120_000],
    ["with nonsense in it", "abc", 0],
    ["of a process that has ended", "4194305", 0],
  ])("a lock %s is taken over", async (_, content, ageMs) => {
    leave(content, ageMs);
    await using _lock = await locks().enter(repo);
    expect(left()).toEqual(["owner--model.lock"]);
  });

  test("one that is being made this moment counts", async () => {
    leave("");
    await expect(locks().enter(repo)).rejects.toMatchObject({ code: "unsupported" });
  });

  test("of many at once one gets it", async () => {
    leave("4194305");
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => locks().enter(repo)));
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });
});
