import { readFileSync, statSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { writeFileAtomic } from "../storage/atomic-file.ts";

/** What is known of files that were downloaded or checked: kept beside them, so that nothing is fetched or hashed twice. */
const manifestSchema = z.object({
  version: z.literal(1),
  repo: z.string(),
  /** The commit all files are of; null where a mirror does not tell. */
  commit: z.string().nullable(),
  files: z.record(
    z.string(),
    z.object({ bytes: z.number().int().nonnegative(), digest: z.string().nullable(), mtimeMs: z.number() }),
  ),
});
type Contents = z.infer<typeof manifestSchema>;

/** Its name in a repository's folder. */
export const MANIFEST = ".parley.json";

/** The record of one repository's folder. A damaged one is like none: the files are then looked at again. */
export class Manifest {
  readonly #folder: string;
  #contents: Contents;
  /** One write after the other: the last one has everything. */
  #written: Promise<void> = Promise.resolve();

  constructor(folder: string, repo: string) {
    this.#folder = folder;
    this.#contents = readContents(folder) ?? { version: 1, repo, commit: null, files: {} };
  }

  get commit(): string | null {
    return this.#contents.commit;
  }

  /** Whether this file is here, as long and as old as when it was found right. */
  has(file: string): boolean {
    const known = this.#contents.files[file];
    const found = statSync(path.join(this.#folder, file), { throwIfNoEntry: false });
    return known !== undefined && found?.size === known.bytes && found.mtimeMs === known.mtimeMs;
  }

  /** The digest and size that `file` was found right with. */
  find(file: string): { readonly bytes: number; readonly digest: string | null } | undefined {
    return this.#contents.files[file];
  }

  /** Notes that the file is right. Rejects with the file system's error. */
  add(file: string, digest: string | null, commit: string | null): Promise<void> {
    const { size, mtimeMs } = statSync(path.join(this.#folder, file));
    this.#contents.files[file] = { bytes: size, digest, mtimeMs };
    this.#contents.commit = commit ?? this.#contents.commit;
    return this.#write();
  }

  remove(file: string): Promise<void> {
    delete this.#contents.files[file];
    return this.#write();
  }

  #write(): Promise<void> {
    const write = (): Promise<void> =>
      writeFileAtomic(path.join(this.#folder, MANIFEST), `${JSON.stringify(this.#contents, null, 2)}\n`);
    this.#written = this.#written.then(write, write);
    return this.#written;
  }
}

function readContents(folder: string): Contents | undefined {
  try {
    return manifestSchema.parse(JSON.parse(readFileSync(path.join(folder, MANIFEST), "utf8")));
  } catch {
    // Missing, torn or of another version: nothing is known, and nothing is lost but time.
    return undefined;
  }
}
