import { readdir, rm } from "node:fs/promises";
import path from "node:path";
import type { Clock } from "../../shared/clock.ts";
import { AppError } from "../../shared/errors.ts";
import { knownBytes, type CatalogueModel } from "./catalogue.ts";
import type { DownloadWorld } from "./file-download.ts";
import { RepositoryLocks } from "./folder-lock.ts";
import { findInHubCache, importModel } from "./import.ts";
import { repositoryFolder } from "./installed.ts";
import { LibraryState } from "./library-state.ts";
import { Manifest } from "./manifest.ts";
import { downloadModel, type DownloadProgress } from "./model-download.ts";
import { removeParts } from "./part-file.ts";
import { TransferRate } from "./transfer-rate.ts";
import { verifyModel } from "./verify.ts";

export type ModelState = "absent" | "downloading" | "paused" | "checking" | "ready" | "failed";

/** A model as lists show it. */
export interface ModelEntry {
  readonly model: CatalogueModel;
  readonly state: ModelState;
  readonly receivedBytes: number;
  /** Null until the hub has told the size of every file. */
  readonly totalBytes: number | null;
  readonly bytesPerSecond: number;
  readonly leftMs: number | null;
  /** Why it failed, or why it was found damaged. */
  readonly error: AppError | null;
}

export interface LibraryOptions extends DownloadWorld {
  /** Models lie here as `<owner>/<name>/…`, where transformers.js looks when this is its `cacheDir`. */
  readonly root: string;
  readonly clock: Clock;
  readonly catalogue: readonly CatalogueModel[];
  /** False leaves downloads that ran when Parley ended where they are: for looking only. */
  readonly resumes?: boolean;
  /** A model's entry changed; progress comes at most four times a second. */
  readonly onChange?: (entry: ModelEntry) => void;
}

interface Work {
  readonly abort: AbortController;
  readonly state: "downloading" | "checking";
  readonly rate: TransferRate;
  readonly ended: Promise<void>;
  receivedBytes: number;
  totalBytes: number | null;
  toldAtMs: number;
}

const PROGRESS_MS = 250;

/**
 * Which models are on this machine, and how they get there. One piece of work at a time for each model, whatever other
 * processes of Parley do: where one is at the same files, `unsupported` says so.
 */
export class ModelLibrary {
  readonly #options: LibraryOptions;
  readonly #state: LibraryState;
  readonly #work = new Map<string, Work>();
  readonly #errors = new Map<string, AppError>();
  readonly #locks: RepositoryLocks;

  private constructor(options: LibraryOptions, state: LibraryState) {
    this.#options = options;
    this.#state = state;
    this.#locks = new RepositoryLocks(options.root, options.clock);
  }

  /** Opens the library. Downloads that ran when Parley ended go on, those that were paused wait. */
  static open(options: LibraryOptions): ModelLibrary {
    const library = new ModelLibrary(options, LibraryState.open(options.root));
    if (options.resumes === false) return library;
    for (const id of library.#state.running) if (library.#known(id)) library.download(id);
    return library;
  }

  get models(): readonly CatalogueModel[] {
    return [...this.#options.catalogue, ...this.#state.custom];
  }

  list(): readonly ModelEntry[] {
    return this.models.map((model) => this.entry(model.id));
  }

  /** Throws `bad-input` for an id that is in neither the catalogue nor the person's own list. */
  entry(id: string): ModelEntry {
    const model = this.#find(id);
    const work = this.#work.get(id);
    const known = knownBytes(model);
    if (work) {
      const total = work.totalBytes ?? (model.files.some(({ bytes }) => bytes === null) ? null : known);
      return {
        model,
        state: work.state,
        receivedBytes: work.receivedBytes,
        totalBytes: total,
        bytesPerSecond: work.rate.bytesPerSecond,
        leftMs: total === null ? null : work.rate.leftMs(total - work.receivedBytes),
        error: null,
      };
    }
    const manifest = new Manifest(this.folderOf(id), model.repo);
    const present = model.files.filter(({ path: file }) => manifest.has(file));
    const isReady = present.length === model.files.length;
    const error = isReady ? null : (this.#errors.get(id) ?? null);
    const state = isReady
      ? "ready"
      : error
        ? "failed"
        : this.#state.paused.includes(id)
          ? "paused"
          : "absent";
    const receivedBytes = present.reduce((sum, { path: file }) => sum + manifest.find(file)!.bytes, 0);
    const totalBytes = isReady ? receivedBytes : known > 0 ? known : null;
    return { model, state, receivedBytes, totalBytes, bytesPerSecond: 0, leftMs: null, error };
  }

  /** The folder to load a model from. */
  folderOf(id: string): string {
    return repositoryFolder(this.#options.root, this.#find(id).repo);
  }

  /** Begins or resumes a download; harmless while it runs. `entry` tells how it goes, `whenIdle` when it ended. */
  download(id: string): void {
    const model = this.#find(id);
    this.#start(id, "downloading", async (work) => {
      await this.#state.setRunning(id);
      await this.#others(id, model.repo);
      work.abort.signal.throwIfAborted();
      await using _lock = await this.#locks.enter(model.repo);
      await this.#bring(model, work);
      await this.#state.forget(id);
    });
  }

  /** Stops a download and keeps what is here. */
  async pause(id: string): Promise<void> {
    await this.#stop(id);
    if (this.entry(id).state === "ready") return;
    await this.#state.setPaused(id);
    this.#tell(id);
  }

  /** Stops a download and removes what is here of it. */
  async cancel(id: string): Promise<void> {
    await this.remove(id);
  }

  /** Deletes a model's files, but for those that another model on this machine shares. */
  async remove(id: string): Promise<void> {
    await this.#stop(id);
    const model = this.#find(id);
    await using _lock = await this.#locks.enter(model.repo);
    const folder = this.folderOf(id);
    const shared = new Set(
      this.models
        .filter((other) => other.id !== id && other.repo === model.repo && this.#isUsed(other.id))
        .flatMap((other) => other.files.map((file) => file.path)),
    );
    const manifest = new Manifest(folder, model.repo);
    for (const { path: file } of model.files) {
      if (shared.has(file)) continue;
      const target = path.join(folder, file);
      await rm(target, { force: true });
      await removeParts(target, await readdir(path.dirname(target)).catch(() => []));
      if (manifest.find(file)) await manifest.remove(file);
    }
    if (shared.size === 0) await rm(folder, { recursive: true, force: true });
    this.#errors.delete(id);
    await this.#state.forget(id);
    this.#tell(id);
  }

  /**
   * Reads every file of a model and compares it with the hub's digest. Damaged ones are removed: a download mends them.
   * Throws `unsupported` for a model from a folder.
   */
  verify(id: string): void {
    const model = this.#find(id);
    if (model.folder !== undefined) {
      const sentence = `${model.name} came from ${model.folder}: there is no other copy to compare it with.`;
      throw new AppError("unsupported", sentence);
    }
    this.#start(id, "checking", (work) => this.#verify(model, work));
  }

  /** Takes a model over from a folder, or from the Hugging Face cache when `source` is one. Rejects as `importModel`. */
  async import(id: string, source: string): Promise<void> {
    const model = this.#find(id);
    await this.#stop(id);
    await using _lock = await this.#locks.enter(model.repo);
    const folder = (await findInHubCache(model, source)) ?? source;
    await importModel(model, folder, this.folderOf(id), new AbortController().signal);
    this.#errors.delete(id);
    await this.#state.forget(id);
    this.#tell(id);
  }

  /** Adds a model of the person's own: any repository or folder with the same files. Throws `bad-input` for an id that is taken. */
  async add(model: CatalogueModel): Promise<void> {
    if (this.#known(model.id)) throw new AppError("bad-input", `There is a model named ${model.id} already.`);
    await this.#state.add(model);
    this.#tell(model.id);
  }

  /** Settles when the model's work has ended, whichever way; at once when there is none. */
  async whenIdle(id: string): Promise<void> {
    await this.#work.get(id)?.ended;
  }

  /** Stops everything. What ran goes on when the library is opened again. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#work.keys()].map((id) => this.#stop(id)));
  }

  #start(id: string, state: Work["state"], run: (work: Work) => Promise<void>): void {
    if (this.#work.has(id)) return;
    this.#errors.delete(id);
    const ended = Promise.withResolvers<void>();
    const { clock } = this.#options;
    const { receivedBytes } = this.entry(id);
    const work: Work = {
      abort: new AbortController(),
      state,
      rate: new TransferRate(),
      ended: ended.promise,
      receivedBytes,
      totalBytes: null,
      toldAtMs: clock.nowMs(),
    };
    this.#work.set(id, work);
    this.#tell(id);
    void this.#finish(id, run(work)).then(ended.resolve);
  }

  async #finish(id: string, running: Promise<void>): Promise<void> {
    try {
      await running;
    } catch (error) {
      const known = AppError.from(error);
      if (known.code !== "cancelled") this.#errors.set(id, known);
    }
    this.#work.delete(id);
    this.#tell(id);
  }

  async #stop(id: string): Promise<void> {
    const work = this.#work.get(id);
    work?.abort.abort(new AppError("cancelled", "The download was stopped."));
    await work?.ended;
  }

  /** From the hub, or from the person's own folder. */
  async #bring(model: CatalogueModel, work: Work): Promise<void> {
    const { signal } = work.abort;
    const folder = this.folderOf(model.id);
    if (model.folder !== undefined) return await importModel(model, model.folder, folder, signal);
    const onProgress = (progress: DownloadProgress): void => this.#progress(model.id, work, progress);
    await downloadModel({ model, folder, onProgress }, this.#options, signal);
  }

  /** Models of one repository share files and a folder: they take turns. */
  async #others(id: string, repo: string): Promise<void> {
    for (const [other, work] of this.#work) {
      if (other === id) return;
      if (this.#find(other).repo === repo) await work.ended;
    }
  }

  async #verify(model: CatalogueModel, work: Work): Promise<void> {
    await using _lock = await this.#locks.enter(model.repo);
    work.receivedBytes = 0;
    const onFile = (bytes: number): void => {
      work.receivedBytes += bytes;
      this.#tell(model.id);
    };
    const { hub } = this.#options;
    await verifyModel({ model, folder: this.folderOf(model.id), onFile }, hub, work.abort.signal);
  }

  #progress(id: string, work: Work, progress: DownloadProgress): void {
    const nowMs = this.#options.clock.nowMs();
    work.receivedBytes = progress.receivedBytes;
    work.totalBytes = progress.totalBytes;
    if (nowMs - work.toldAtMs < PROGRESS_MS) return;
    work.toldAtMs = nowMs;
    work.rate.add(nowMs, progress.receivedBytes);
    this.#tell(id);
  }

  #tell(id: string): void {
    this.#options.onChange?.(this.entry(id));
  }

  #isUsed(id: string): boolean {
    return this.#work.has(id) || this.entry(id).state === "ready" || this.#state.paused.includes(id);
  }

  #known(id: string): boolean {
    return this.models.some((model) => model.id === id);
  }

  #find(id: string): CatalogueModel {
    const model = this.models.find((known) => known.id === id);
    if (model) return model;
    const names = this.models.map((known) => known.id).join(", ");
    throw new AppError("bad-input", `There is no model named ${id}. Known: ${names}.`);
  }
}
