import { fork } from "node:child_process";
import { once } from "node:events";
import { chmodSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { Database } from "../../src/main/storage/database.ts";
import { History } from "../../src/main/storage/history.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { newTurn, opened, temporaryFolder } from "./support.ts";

const all = { query: "", limit: 500, offset: 0 };

test.for(["garbage", "truncated", "empty-header"])(
  "R62 a %s database is kept aside and a fresh one begun, with a notice",
  async (damage) => {
    const folder = temporaryFolder();
    const file = path.join(folder, "parley.db");
    const first = opened(folder);
    for (let index = 0; index < 50; index++) first.storage.history.addTurn(newTurn(`t${index}`, `c${index}`));
    await first.storage[Symbol.asyncDispose]();
    if (damage === "garbage") writeFileSync(file, "not a database at all, ".repeat(1000));
    if (damage === "truncated") truncateSync(file, Math.floor(statSync(file).size / 2 / 4096) * 4096);
    if (damage === "empty-header")
      writeFileSync(file, Buffer.concat([Buffer.alloc(100), readFileSync(file)]));
    const damaged = readFileSync(file);

    const { storage, notices } = opened(folder);
    expect(notices).toEqual([expect.objectContaining({ level: "warning", code: "storage" })]);
    const aside = readdirSync(folder).find((name) => /^parley\.db\.corrupt-[\dTZ-]+$/.test(name));
    expect(notices[0]?.message).toContain(aside);
    expect(readFileSync(path.join(folder, aside!)).equals(damaged)).toBe(true);
    storage.history.addTurn(newTurn("new", "c"));
    expect(storage.history.list(all).total).toBe(1);
  },
);

test("R62 damage inside an uncleanly closed file is found when it is opened", () => {
  const folder = temporaryFolder();
  const file = path.join(folder, "parley.db");
  const left = new Database({ file, clock: new ManualClock(), onNotice: () => {} });
  const history = new History(left, new ManualClock());
  for (let index = 0; index < 200; index++) history.addTurn(newTurn(`t${index}`, "c1"));
  left[Symbol.dispose]();
  // As if it had been killed, with a page overwritten: the header and the schema are still good.
  const raw = new DatabaseSync(file);
  raw.exec("UPDATE meta SET value = 'open'; PRAGMA wal_checkpoint(TRUNCATE);");
  raw.close();
  const bytes = readFileSync(file);
  bytes.fill(0xa5, bytes.length - 3 * 4096);
  writeFileSync(file, bytes);
  expect(opened(folder).notices).toEqual([expect.objectContaining({ code: "storage" })]);
});

test("R62 a process killed in the middle of writing loses no finished turn", async () => {
  const folder = temporaryFolder();
  const child = fork(path.join(import.meta.dirname, "writer.ts"), [path.join(folder, "parley.db")]);
  const written: string[] = [];
  const enough = Promise.withResolvers<void>();
  child.on("message", (id: string) => {
    written.push(id);
    if (written.length === 40) enough.resolve();
  });
  await enough.promise;
  child.kill("SIGKILL");
  await once(child, "exit");

  const { storage, notices } = opened(folder);
  expect(notices).toEqual([]);
  const turns = storage.history.open("c1").turns;
  expect(turns.length).toBeGreaterThanOrEqual(40);
  expect(turns.map((turn) => turn.id)).toEqual(turns.map((_, index) => `t${index}`));
  expect(turns.map((turn) => turn.id)).toEqual(expect.arrayContaining(written));
  expect(storage.history.list({ ...all, query: "paris" }).total).toBe(1);
});

test("R62 a full disk moves the history into memory, with everything said before and the failed turn", async () => {
  const folder = temporaryFolder();
  const file = path.join(folder, "parley.db");
  const notices: { code?: string; message: string }[] = [];
  using database = new Database({
    file,
    clock: new ManualClock(),
    onNotice: (notice) => notices.push(notice),
  });
  const history = new History(database, new ManualClock());
  history.addTurn(newTurn("t0", "c1"));
  // SQLite's own quota raises the error a full disk raises (SQLITE_FULL).
  const pages = Number(database.get("PRAGMA page_count")?.["page_count"]);
  database.get(`PRAGMA max_page_count = ${pages + 5}`);
  for (let index = 1; index < 60; index++) {
    history.addTurn(newTurn(`t${index}`, "c1", { reply: "a long answer about Paris ".repeat(40) }));
  }
  expect(notices).toEqual([expect.objectContaining({ code: "disk-full" })]);
  expect(notices[0]?.message).toMatch(/disk is full: free some space.*memory only/i);
  expect(database.isInMemory).toBe(true);
  expect(history.open("c1").turns.map((turn) => turn.id)).toEqual(
    Array.from({ length: 60 }, (_, i) => `t${i}`),
  );
  expect(history.list({ ...all, query: "paris" }).total).toBe(1);
  database[Symbol.dispose]();

  const after = opened(folder);
  expect(after.notices).toEqual([]);
  expect(after.storage.history.open("c1").turns.length).toBeGreaterThan(0);
});

test("R62 a data folder that cannot be made leaves everything working in memory", async () => {
  const folder = temporaryFolder();
  writeFileSync(path.join(folder, "file"), "");
  const { storage, notices } = opened(path.join(folder, "file", "parley"));
  storage.history.addTurn(newTurn("t1", "c1"));
  expect(storage.history.list(all).total).toBe(1);
  storage.settings.update({ voice: { speed: 1.5 } });
  await storage.settings.flush();
  expect(storage.settings.current.voice.speed).toBe(1.5);
  for (const notice of notices) expect(notice.message).toContain("may not write to its data folder");
  expect(notices.map((notice) => notice.level)).toContain("error");
});

test("R62 a read-only database file leaves everything working in memory", async ({ skip }) => {
  if (process.getuid?.() === 0) skip("root may write to read-only files");
  const folder = temporaryFolder();
  const first = opened(folder);
  await first.storage[Symbol.asyncDispose]();
  chmodSync(path.join(folder, "parley.db"), 0o400);
  const { storage, notices } = opened(folder);
  expect(notices[0]?.message).toContain("may not write");
  storage.history.addTurn(newTurn("t1", "c1"));
});

test("R62 a database of a newer version is left exactly as it is", () => {
  const folder = temporaryFolder();
  const file = path.join(folder, "parley.db");
  const newer = new DatabaseSync(file);
  newer.exec("PRAGMA user_version = 999; CREATE TABLE future (a);");
  newer.close();
  const before = readFileSync(file);
  const { storage, notices } = opened(folder);
  expect(notices[0]?.message).toContain("newer version of Parley");
  storage.history.addTurn(newTurn("t1", "c1"));
  expect(readFileSync(file).equals(before)).toBe(true);
});

test("R62 a database held by another process gives a clear error and keeps what it has", () => {
  const folder = temporaryFolder();
  const { storage } = opened(folder);
  storage.history.addTurn(newTurn("t1", "c1"));
  const other = new DatabaseSync(path.join(folder, "parley.db"));
  other.exec("BEGIN IMMEDIATE");
  expect(() => storage.history.addTurn(newTurn("t2", "c1"))).toThrow(
    expect.objectContaining({ code: "storage", message: expect.stringContaining("close it") }),
  );
  other.exec("ROLLBACK");
  other.close();
  storage.history.addTurn(newTurn("t2", "c1"));
  expect(storage.history.open("c1").turns).toHaveLength(2);
});

test("R62 files belong to the person alone", async ({ skip }) => {
  if (process.platform === "win32") skip("Windows has no POSIX modes");
  const folder = path.join(temporaryFolder(), "new");
  const { storage } = opened(folder);
  storage.settings.update({ voice: { speed: 1.1 } });
  await storage.settings.flush();
  expect(statSync(folder).mode & 0o077).toBe(0);
  expect(statSync(path.join(folder, "settings.json")).mode & 0o077).toBe(0);
});
