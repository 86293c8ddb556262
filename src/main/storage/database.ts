import { mkdirSync, renameSync, existsSync } from "node:fs";
import path from "node:path";
import { DatabaseSync, type SQLInputValue, type SQLOutputValue, type StatementSync } from "node:sqlite";
import type { Clock } from "../../shared/clock.ts";
import {
  DamagedDatabaseError,
  failureKind,
  failureSentence,
  NewerDatabaseError,
  storageError,
  type StorageNotice,
} from "./failure.ts";
import { copiedTables, migrations } from "./migrations.ts";

export type Row = Record<string, SQLOutputValue>;

export interface DatabaseOptions {
  /** The file, or null for a database that lives in memory only. */
  readonly file: string | null;
  readonly clock: Clock;
  readonly onNotice: (notice: StorageNotice) => void;
}

/** How long a statement waits for another process; more would be felt as a frozen window. */
const busyTimeoutMs = 1000;

/**
 * One SQLite database in WAL mode. It always works: a damaged file is moved aside and a fresh one begun, and where the
 * disk does not take writes (from the start, or suddenly) everything goes on in memory; each time `onNotice` says so.
 * A killed process loses nothing that `write` has returned from.
 */
export class Database implements Disposable {
  readonly #options: DatabaseOptions;
  #connection: DatabaseSync;
  #isInMemory = false;
  #isClosed = false;
  /** A read met damage: the file must not be marked as closed well, so that the next start checks it. */
  #isSuspect = false;
  #statements = new Map<string, StatementSync>();

  constructor(options: DatabaseOptions) {
    this.#options = options;
    this.#connection = options.file === null ? this.#memory() : this.#openFile(options.file);
  }

  /** True when nothing will be there after a restart. */
  get isInMemory(): boolean {
    return this.#isInMemory;
  }

  all(sql: string, ...parameters: SQLInputValue[]): Row[] {
    return this.#guard(() => this.#prepare(sql).all(...parameters));
  }

  get(sql: string, ...parameters: SQLInputValue[]): Row | undefined {
    return this.#guard(() => this.#prepare(sql).get(...parameters));
  }

  /** One statement of a `write`; returns how many rows it changed. */
  run(sql: string, ...parameters: SQLInputValue[]): number {
    return Number(this.#prepare(sql).run(...parameters).changes);
  }

  /**
   * All of `work` or nothing of it. When the disk fails, the data moves into memory and `work` is done there, so it must
   * only depend on the database. Throws AppError `storage` when another process holds the database.
   */
  write<Result>(work: () => Result): Result {
    try {
      return this.#transact(work);
    } catch (error) {
      const kind = failureKind(error);
      if (this.#isInMemory || kind === "other" || kind === "busy") throw storageError(error, this.#name);
      this.#moveToMemory(error);
      return this.#transact(work);
    }
  }

  [Symbol.dispose](): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#statements.clear();
    try {
      if (!this.#isInMemory) {
        const state = this.#isSuspect ? "open" : "closed";
        this.#connection.exec(`UPDATE meta SET value = '${state}' WHERE key = 'state'`);
        this.#connection.exec("PRAGMA wal_checkpoint(TRUNCATE)");
      }
    } catch (error) {
      // Nothing is lost: the journal is replayed at the next start. But it is worth a line.
      console.warn(`storage: not closed cleanly: ${storageError(error, this.#name).message}`);
    } finally {
      this.#connection.close();
    }
  }

  get #name(): string {
    return this.#options.file ?? "memory";
  }

  #guard<Result>(read: () => Result): Result {
    try {
      return read();
    } catch (error) {
      if (failureKind(error) === "corrupt") this.#isSuspect = true;
      throw storageError(error, this.#name);
    }
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (!statement) this.#statements.set(sql, (statement = this.#connection.prepare(sql)));
    return statement;
  }

  #transact<Result>(work: () => Result): Result {
    this.#connection.exec("BEGIN IMMEDIATE");
    try {
      const result = work();
      this.#connection.exec("COMMIT");
      return result;
    } catch (error) {
      // SQLite rolls back by itself on a full disk; a second ROLLBACK would hide the first error.
      if (this.#connection.isTransaction) this.#connection.exec("ROLLBACK");
      throw error;
    }
  }

  #openFile(file: string): DatabaseSync {
    try {
      mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
      return open(file);
    } catch (error) {
      if (failureKind(error) === "corrupt") return this.#startAfresh(file);
      return this.#giveUpOnDisk(error);
    }
  }

  #startAfresh(file: string): DatabaseSync {
    const aside = `${file}.corrupt-${timeStamp(this.#options.clock)}`;
    try {
      for (const suffix of ["", "-wal", "-shm"]) {
        if (existsSync(file + suffix)) renameSync(file + suffix, aside + suffix);
      }
      const connection = open(file);
      this.#options.onNotice({
        level: "warning",
        code: "storage",
        message: `Your history was damaged and could not be read. It is kept as ${path.basename(aside)}, and Parley began a new one.`,
      });
      return connection;
    } catch (error) {
      return this.#giveUpOnDisk(error);
    }
  }

  #giveUpOnDisk(error: unknown): DatabaseSync {
    this.#options.onNotice(memoryNotice(error));
    return this.#memory();
  }

  #memory(): DatabaseSync {
    this.#isInMemory = true;
    const connection = new DatabaseSync(":memory:");
    connection.exec("PRAGMA foreign_keys = ON");
    migrate(connection);
    return connection;
  }

  #moveToMemory(error: unknown): void {
    const failed = this.#connection;
    const memory = this.#memory();
    this.#statements.clear();
    this.#connection = memory;
    try {
      copyTables(this.#name, memory);
    } catch {
      // A disk that cannot be read either: the person keeps what happens from now on, and the notice says so.
      memory.exec(copiedTables.map((table) => `DELETE FROM ${table};`).join(" "));
    }
    try {
      failed.close();
    } catch {
      // It has failed already, and the notice below tells the person.
    }
    this.#options.onNotice(memoryNotice(error));
  }
}

function memoryNotice(error: unknown): StorageNotice {
  return {
    level: "error",
    code: failureKind(error) === "full" ? "disk-full" : "storage",
    message: `${failureSentence(error)}. Until the next start, conversations are kept in memory only and will then be gone.`,
  };
}

/** Opens, checks and migrates. Throws what SQLite throws, or one of the errors of ours that `failureKind` knows. */
function open(file: string): DatabaseSync {
  const connection = new DatabaseSync(file, { timeout: busyTimeoutMs });
  try {
    // Before anything is written, and switching to WAL writes.
    versionOf(connection);
    connection.exec("PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON;");
    // With WAL, NORMAL survives a killed process and never corrupts; only a power cut may lose the last turns.
    connection.exec("PRAGMA synchronous = NORMAL;");
    migrate(connection);
    // The whole file is read only when there is a reason to doubt it: it takes seconds on a long history.
    if (connection.prepare("SELECT value FROM meta WHERE key = 'state'").get()?.["value"] === "open") {
      const verdict = connection.prepare("PRAGMA quick_check(1)").get()?.["quick_check"];
      if (verdict !== "ok") throw new DamagedDatabaseError(`quick_check: ${String(verdict)}`);
    }
    // Writing at once shows a damaged or read-only file here and not at the end of the first turn.
    connection.exec("INSERT OR REPLACE INTO meta (key, value) VALUES ('state', 'open')");
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

function migrate(connection: DatabaseSync): void {
  const version = versionOf(connection);
  for (const [index, step] of migrations.entries()) {
    if (index < version) continue;
    // The version is part of the transaction: a step is done or it is not.
    connection.exec(`BEGIN IMMEDIATE; ${step} PRAGMA user_version = ${index + 1}; COMMIT;`);
  }
}

function versionOf(connection: DatabaseSync): number {
  const version = Number(connection.prepare("PRAGMA user_version").get()?.["user_version"] ?? 0);
  if (version > migrations.length) throw new NewerDatabaseError(`user_version ${version}`);
  return version;
}

function copyTables(file: string, memory: DatabaseSync): void {
  memory.prepare("ATTACH ? AS disk").run(file);
  try {
    // The triggers fill the search index. Recordings stay behind: memory is too dear for them.
    for (const table of copiedTables) memory.exec(`INSERT INTO main.${table} SELECT * FROM disk.${table}`);
  } finally {
    memory.exec("DETACH disk");
  }
}

/** ISO time with nothing a file name may not hold. */
export function timeStamp(clock: Clock): string {
  return new Date(clock.nowMs()).toISOString().replaceAll(/[:.]/g, "-");
}
