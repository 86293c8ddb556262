import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { onTestFinished } from "vitest";
import type { StorageNotice } from "../../src/main/storage/failure.ts";
import { openStorage, type Storage } from "../../src/main/storage/storage.ts";
import { ManualClock } from "../support/manual-clock.ts";

/** A folder of its own, gone after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), "parley-storage-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface OpenedStorage {
  readonly storage: Storage;
  readonly notices: StorageNotice[];
  readonly clock: ManualClock;
}

export function opened(folder: string | null): OpenedStorage {
  const notices: StorageNotice[] = [];
  const clock = new ManualClock(Date.UTC(2026, 0, 1));
  const storage = openStorage({ folder, clock, onNotice: (notice) => notices.push(notice) });
  onTestFinished(() => storage[Symbol.asyncDispose]());
  return { storage, notices, clock };
}

export { latencyRecord, newTurn } from "./turns.ts";
