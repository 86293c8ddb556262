import { AppError } from "../../shared/errors.ts";

/** A sentence for the person, in the shape of the contract's `notice` event. */
export interface StorageNotice {
  readonly level: "info" | "warning" | "error";
  readonly message: string;
  readonly code?: string;
}

/** What a failing file system or SQLite says, reduced to what decides the way on. */
export type FailureKind = "corrupt" | "full" | "unwritable" | "busy" | "newer" | "other";

// Primary result codes, https://www.sqlite.org/rescode.html; an extended code carries its primary one in the low byte.
const sqliteKinds: Readonly<Record<number, FailureKind>> = {
  5: "busy", // SQLITE_BUSY
  6: "busy", // SQLITE_LOCKED
  8: "unwritable", // SQLITE_READONLY
  10: "unwritable", // SQLITE_IOERR
  11: "corrupt", // SQLITE_CORRUPT
  13: "full", // SQLITE_FULL
  14: "unwritable", // SQLITE_CANTOPEN
  26: "corrupt", // SQLITE_NOTADB
};

const errnoKinds: Readonly<Record<string, FailureKind>> = {
  ENOSPC: "full",
  EDQUOT: "full",
  EACCES: "unwritable",
  EPERM: "unwritable",
  EROFS: "unwritable",
  ENOTDIR: "unwritable",
  EEXIST: "unwritable",
  EIO: "unwritable",
};

/** The database was written by a newer Parley: left alone rather than damaged. */
export class NewerDatabaseError extends Error {}
/** A check of the file's contents failed although no single statement did. */
export class DamagedDatabaseError extends Error {}

export function failureKind(error: unknown): FailureKind {
  if (error instanceof NewerDatabaseError) return "newer";
  if (error instanceof DamagedDatabaseError) return "corrupt";
  if (!(error instanceof Error)) return "other";
  if ("errcode" in error && typeof error.errcode === "number") {
    return sqliteKinds[error.errcode & 0xff] ?? "other";
  }
  if ("code" in error && typeof error.code === "string") return errnoKinds[error.code] ?? "other";
  return "other";
}

const sentences: Readonly<Record<FailureKind, string>> = {
  corrupt: "The stored data is damaged",
  full: "The disk is full: free some space",
  unwritable:
    "Parley may not write to its data folder: check its permissions, or set PARLEY_HOME to another one",
  busy: "Another copy of Parley is using the data: close it",
  newer: "The stored data was written by a newer version of Parley: update Parley",
  other: "The data could not be stored",
};

/** The sentence for a failure, without a full stop, so that its consequence can follow. */
export function failureSentence(error: unknown): string {
  return sentences[failureKind(error)];
}

/** Wraps what went wrong with `what` (a path, never the person's words). */
export function storageError(error: unknown, what: string): AppError {
  if (error instanceof AppError) return error;
  const kind = failureKind(error);
  const code = kind === "full" ? "disk-full" : kind === "unwritable" ? "file-unwritable" : "storage";
  return new AppError(code, `${sentences[kind]} (${what}).`, { cause: error });
}
