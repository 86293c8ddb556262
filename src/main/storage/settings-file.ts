import { mkdirSync, readFileSync, renameSync, copyFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import type { Clock } from "../../shared/clock.ts";
import { AppError, systemCode } from "../../shared/errors.ts";
import {
  applySettingsPatch,
  defaultSettings,
  type Settings,
  type SettingsPatch,
} from "../../shared/settings.ts";
import { writeFileAtomic } from "./atomic-file.ts";
import { timeStamp } from "./database.ts";
import { failureSentence, type StorageNotice } from "./failure.ts";
import { migrateSettings } from "./settings-migration.ts";

export interface SettingsFileOptions {
  /** The file, or null to keep the settings in memory only. */
  readonly file: string | null;
  readonly clock: Clock;
  readonly onNotice: (notice: StorageNotice) => void;
}

/**
 * The settings and their file. Reading never fails: what cannot be read is kept aside and the defaults hold. Writing
 * happens behind `update`, one at a time, the newest state last; `flush` waits for it.
 */
export class SettingsFile implements AsyncDisposable {
  readonly #options: SettingsFileOptions;
  #current: Settings;
  #writing: Promise<void> = Promise.resolve();
  #isDirty = false;
  #hasComplained = false;

  constructor(options: SettingsFileOptions) {
    this.#options = options;
    this.#current = options.file === null ? defaultSettings() : this.#read(options.file);
  }

  get current(): Settings {
    return this.#current;
  }

  /** Applies a change and returns the new settings; throws AppError `bad-input` that names the wrong fields. */
  update(patch: SettingsPatch): Settings {
    try {
      this.#current = applySettingsPatch(this.#current, patch);
    } catch (error) {
      if (!(error instanceof z.ZodError)) throw error;
      const fields = error.issues.map((issue) => issue.path.join(".")).join(", ");
      throw new AppError("bad-input", `These settings do not take that value: ${fields}.`, { cause: error });
    }
    this.#save();
    return this.#current;
  }

  /** Settles, without ever rejecting, when everything changed so far is on the disk or was reported as lost. */
  flush(): Promise<void> {
    return this.#writing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writing;
  }

  #save(): void {
    const { file } = this.#options;
    // While a write waits its turn, it will take along whatever changes until then.
    if (file === null || this.#isDirty) return;
    this.#isDirty = true;
    this.#writing = this.#writing.then(() => this.#writeNow(file));
  }

  async #writeNow(file: string): Promise<void> {
    this.#isDirty = false;
    try {
      await writeFileAtomic(file, `${JSON.stringify(this.#current, null, 2)}\n`);
      this.#hasComplained = false;
    } catch (error) {
      // Every move of a slider writes: the person needs the sentence once.
      if (this.#hasComplained) return;
      this.#hasComplained = true;
      const message = `${failureSentence(error)}. Your settings hold until Parley closes.`;
      this.#options.onNotice({ level: "error", code: "file-unwritable", message });
    }
  }

  #read(file: string): Settings {
    let text: string;
    try {
      mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
      text = readFileSync(file, "utf8");
    } catch (error) {
      // The first start has no file; anything else the person should know.
      if (systemCode(error) !== "ENOENT")
        this.#complain(`${failureSentence(error)}. Parley uses the default settings.`);
      return defaultSettings();
    }
    try {
      const { settings, refused, isNewer } = migrateSettings(JSON.parse(text));
      if (isNewer) {
        const copy = this.#aside(file, "newer", copyFileSync);
        this.#complain(`Your settings were written by a newer Parley. They are kept as ${copy}.`);
      }
      if (refused.length > 0) {
        this.#complain(`Some settings were not valid and are back at their defaults: ${refused.join(", ")}.`);
      }
      return settings;
    } catch {
      // Neither JSON nor an object: the text itself may hold private words, so it goes into no message.
      const copy = this.#aside(file, "corrupt", renameSync);
      this.#complain(`Your settings could not be read. They are kept as ${copy}, and the defaults hold.`);
      return defaultSettings();
    }
  }

  /** Puts the file, or a copy of it, beside itself and returns the name. */
  #aside(file: string, why: string, move: (from: string, to: string) => void): string {
    const aside = `${file}.${why}-${timeStamp(this.#options.clock)}`;
    try {
      move(file, aside);
      return path.basename(aside);
    } catch {
      // A folder that may not be written to: the file simply stays where it is, and no write will replace it either.
      return path.basename(file);
    }
  }

  #complain(message: string): void {
    this.#options.onNotice({ level: "warning", code: "storage", message });
  }
}
