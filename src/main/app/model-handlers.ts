import { homedir, totalmem } from "node:os";
import path from "node:path";
import type { ModelEntry } from "../../shared/app-contract.ts";
import type { Clock } from "../../shared/clock.ts";
import { AppError } from "../../shared/errors.ts";
import { catalogue } from "../library/catalogue.ts";
import { customModel, folderModel } from "../library/custom-model.ts";
import { freeBytes } from "../library/file-download.ts";
import type { Hub } from "../library/hub.ts";
import { hubCacheFolder } from "../library/import.ts";
import { ModelLibrary, type ModelEntry as LibraryEntry } from "../library/library.ts";
import { readMachine } from "../models/providers/machine.ts";
import type { AppHandlers } from "./validated-service.ts";

/** The calls of the model library. */
export type ModelCalls = Pick<
  AppHandlers["calls"],
  | "models.list"
  | "models.download"
  | "models.pause"
  | "models.remove"
  | "models.verify"
  | "models.import"
  | "models.add"
>;

export interface ModelShelfOptions {
  /** Where models lie; null where nothing may be kept. */
  readonly root: string | null;
  readonly hub: Hub;
  readonly clock: Clock;
  readonly onChange: (entry: ModelEntry) => void;
  /** Called before a model's files go away: whoever uses it must let go of it. */
  readonly onRemoving: (id: string) => void;
}

/** The model library as windows see it. */
export class ModelShelf implements AsyncDisposable {
  readonly calls: ModelCalls;
  readonly #library: ModelLibrary | null;

  constructor({ root, hub, clock, onChange, onRemoving }: ModelShelfOptions) {
    const library =
      root === null
        ? null
        : ModelLibrary.open({
            root,
            hub,
            clock,
            freeBytes,
            catalogue,
            onChange: (entry) => onChange(toWire(entry)),
          });
    this.#library = library;
    const shelf = (): ModelLibrary => {
      if (library) return library;
      throw new AppError("unsupported", "Parley keeps nothing in this run, so it cannot keep models.");
    };
    this.calls = {
      "models.list": async () => ({
        models: library?.list().map(toWire) ?? [],
        memoryBytes: totalmem(),
        // A disk that does not tell is found out when a download begins.
        freeBytes: root === null ? null : await freeBytes(root).catch(() => null),
        hasGraphicsCard: readMachine().hasGraphicsCard,
      }),
      "models.download": ({ id }) => {
        shelf().download(id);
        return {};
      },
      "models.pause": async ({ id }) => {
        await shelf().pause(id);
        return {};
      },
      "models.remove": async ({ id }) => {
        shelf().entry(id);
        onRemoving(id);
        await shelf().remove(id);
        return {};
      },
      "models.verify": ({ id }) => {
        shelf().verify(id);
        return {};
      },
      "models.import": async ({ id, folder }) => {
        await shelf().import(id, path.resolve(folder ?? hubCacheFolder(process.env, homedir())));
        return {};
      },
      "models.add": async ({ repo, dtype }, { signal }) => {
        const isFolder = path.isAbsolute(repo);
        const model = isFolder
          ? await folderModel(repo, dtype)
          : await customModel(hub, { repo, ...(dtype ? { dtype } : {}) }, signal);
        await shelf().add(model);
        // Nobody has to be asked before a link is made.
        if (isFolder) shelf().download(model.id);
        return toWire(shelf().entry(model.id));
      },
    };
  }

  /** Stops downloads; they go on when Parley is started again. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#library?.[Symbol.asyncDispose]();
  }
}

function toWire({ model, error, ...progress }: LibraryEntry): ModelEntry {
  const { id, kind, name, note, repo, licence, dtype, fits, memoryBytes } = model;
  return {
    id,
    kind,
    name,
    note,
    repo,
    licence,
    dtype,
    fits: [...fits],
    memoryBytes,
    fitsMemory: memoryBytes <= totalmem(),
    ...progress,
    error: error ? { code: error.code, message: error.message } : null,
  };
}
