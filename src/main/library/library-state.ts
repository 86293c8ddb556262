import { readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { writeFileAtomic } from "../storage/atomic-file.ts";
import type { CatalogueModel } from "./catalogue.ts";

const customSchema = z.object({
  id: z.string().regex(/^[\w.-]{1,64}$/u),
  kind: z.enum(["voxtral", "kokoro"]),
  name: z.string().max(200),
  note: z.string().max(500),
  repo: z.string().regex(/^[\w.-]+\/[\w.-]+$/u),
  revision: z.string().max(200),
  licence: z.string().max(100),
  dtype: z.string().max(20),
  files: z.array(
    z.object({
      // No way out of the repository's folder.
      path: z.string().regex(/^(?!.*(^|\/)\.\.?(\/|$))[\w.-]+(\/[\w.-]+)*$/u),
      bytes: z.number().int().nonnegative().nullable(),
    }),
  ),
  memoryBytes: z.number().nonnegative(),
  fits: z.array(z.enum(["cpu", "gpu"])),
  folder: z.string().max(4096).optional(),
});

const stateSchema = z.object({
  version: z.literal(1),
  running: z.array(z.string()),
  paused: z.array(z.string()),
  custom: z.array(customSchema),
});

const FILE = "library.json";

/** What the library remembers between two starts: which downloads ran, which were paused, and the person's own models. */
export class LibraryState {
  readonly #root: string;
  #contents: z.infer<typeof stateSchema>;
  #written: Promise<void> = Promise.resolve();

  private constructor(root: string, contents: z.infer<typeof stateSchema>) {
    this.#root = root;
    this.#contents = contents;
  }

  static open(root: string): LibraryState {
    const empty = { version: 1 as const, running: [], paused: [], custom: [] };
    try {
      const text = readFileSync(path.join(root, FILE), "utf8");
      return new LibraryState(root, stateSchema.parse(JSON.parse(text)));
    } catch {
      // Missing or damaged: the models themselves are all still there.
      return new LibraryState(root, empty);
    }
  }

  get running(): readonly string[] {
    return this.#contents.running;
  }

  get paused(): readonly string[] {
    return this.#contents.paused;
  }

  get custom(): readonly CatalogueModel[] {
    return this.#contents.custom;
  }

  setRunning(id: string): Promise<void> {
    return this.#change({
      running: [...this.#without("running", id), id],
      paused: this.#without("paused", id),
    });
  }

  setPaused(id: string): Promise<void> {
    return this.#change({
      running: this.#without("running", id),
      paused: [...this.#without("paused", id), id],
    });
  }

  forget(id: string): Promise<void> {
    return this.#change({ running: this.#without("running", id), paused: this.#without("paused", id) });
  }

  /** Rejects with a ZodError for what is no model. */
  async add(model: CatalogueModel): Promise<void> {
    await this.#change({ custom: [...this.#contents.custom, customSchema.parse(model)] });
  }

  #without(list: "running" | "paused", id: string): string[] {
    return this.#contents[list].filter((known) => known !== id);
  }

  #change(change: Partial<z.infer<typeof stateSchema>>): Promise<void> {
    this.#contents = { ...this.#contents, ...change };
    const write = async (): Promise<void> => {
      await mkdir(this.#root, { recursive: true });
      await writeFileAtomic(path.join(this.#root, FILE), `${JSON.stringify(this.#contents, null, 2)}\n`);
    };
    this.#written = this.#written.then(write, write);
    return this.#written;
  }
}
