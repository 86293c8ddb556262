import path from "node:path";
import type { Clock } from "../../shared/clock.ts";
import { Database } from "./database.ts";
import type { StorageNotice } from "./failure.ts";
import { History } from "./history.ts";
import { LatencyRecords } from "./latency-records.ts";
import { SettingsFile } from "./settings-file.ts";

export interface StorageOptions {
  /** The data folder (see `dataFolder`), or null to keep nothing. */
  readonly folder: string | null;
  readonly clock: Clock;
  /** Told of everything the person should know, from the constructor on. */
  readonly onNotice: (notice: StorageNotice) => void;
}

/** Everything Parley remembers. Opening never fails; what cannot be kept on the disk is kept in memory. */
export interface Storage extends AsyncDisposable {
  readonly history: History;
  /** Gone when Parley closes: where conversations go while the person wants no history. */
  readonly privateHistory: History;
  readonly latency: LatencyRecords;
  readonly settings: SettingsFile;
}

export function openStorage({ folder, clock, onNotice }: StorageOptions): Storage {
  const inFolder = (name: string): string | null => (folder === null ? null : path.join(folder, name));
  const settings = new SettingsFile({ file: inFolder("settings.json"), clock, onNotice });
  const database = new Database({ file: inFolder("parley.db"), clock, onNotice });
  const memory = new Database({ file: null, clock, onNotice });
  return {
    history: new History(database, clock),
    privateHistory: new History(memory, clock),
    latency: new LatencyRecords(database),
    settings,
    async [Symbol.asyncDispose]() {
      await settings[Symbol.asyncDispose]();
      database[Symbol.dispose]();
      memory[Symbol.dispose]();
    },
  };
}
