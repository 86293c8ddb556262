import { statSync } from "node:fs";
import { homedir, totalmem } from "node:os";
import path from "node:path";
import { systemClock } from "../../shared/clock.ts";
import { AppError } from "../../shared/errors.ts";
import { modelsFolder } from "../app/model-choice.ts";
import { catalogue } from "../library/catalogue.ts";
import { customModel, folderModel } from "../library/custom-model.ts";
import { freeBytes } from "../library/file-download.ts";
import { hubFromEnvironment } from "../library/hub.ts";
import { hubCacheFolder } from "../library/import.ts";
import { ModelLibrary, type ModelEntry } from "../library/library.ts";
import { dataFolder } from "../storage/data-folder.ts";
import type { Output } from "./ask.ts";
import type { ModelsOptions } from "./options.ts";

/** Lists, downloads, checks, imports and deletes models. Exit code 0 when what was asked for is done. */
export async function models(options: ModelsOptions, output: Output, signal: AbortSignal): Promise<number> {
  const { action, name, isJson } = options;
  const hub = hubFromEnvironment(process.env);
  let shown = "";
  await using library = ModelLibrary.open({
    root: modelsFolder(dataFolder()),
    hub,
    clock: systemClock,
    freeBytes,
    catalogue,
    resumes: false,
    onChange: (entry) => {
      if (isJson) output.reply(`${JSON.stringify(toJson(entry))}\n`);
      else if (entry.state === "downloading" || entry.state === "checking") {
        const line = progressLine(entry);
        if (line !== shown) output.progress(line);
        shown = line;
      }
    },
  });
  if (action === "list") {
    const entries = library.list();
    if (isJson) output.reply(`${JSON.stringify(entries.map(toJson))}\n`);
    else output.reply(`${table(entries)}\n`);
    return 0;
  }
  const id = name!;
  const isKnown = library.models.some((known) => known.id === id);
  const isFolder = !isKnown && statSync(id, { throwIfNoEntry: false })?.isDirectory() === true;
  if (action === "add" && (isFolder || id.includes("/"))) {
    const dtype = options.dtype ?? undefined;
    const model = isFolder
      ? await folderModel(id, dtype)
      : await customModel(hub, { repo: id, ...(dtype ? { dtype } : {}) }, signal);
    if (!library.models.some((known) => known.id === model.id)) await library.add(model);
    return await download(library, model.id, output, signal);
  }
  library.entry(id);
  switch (action) {
    case "add":
      return await download(library, id, output, signal);
    case "remove":
      await library.remove(id);
      output.progress(`${id} is deleted.`);
      return 0;
    case "verify":
      library.verify(id);
      return await settled(library, id, output, signal, `${id} is whole.`);
    default: {
      const source = options.folder ?? hubCacheFolder(process.env, homedir());
      await library.import(id, path.resolve(source));
      output.progress(`${id} is here: ask with --model ${id}.`);
      return 0;
    }
  }
}

function download(library: ModelLibrary, id: string, output: Output, signal: AbortSignal): Promise<number> {
  library.download(id);
  return settled(library, id, output, signal, `${id} is here: ask with --model ${id}.`);
}

/** Waits for the end of the work; Ctrl-C stops it and keeps what is here. */
async function settled(
  library: ModelLibrary,
  id: string,
  output: Output,
  signal: AbortSignal,
  sentence: string,
): Promise<number> {
  const stop = (): void => void library.pause(id);
  signal.addEventListener("abort", stop, { once: true });
  await library.whenIdle(id);
  signal.removeEventListener("abort", stop);
  if (signal.aborted) {
    output.progress(`Stopped. "npm run models -- add ${id}" goes on from here.`);
    return 130;
  }
  const { error, state } = library.entry(id);
  if (error) throw error;
  if (state !== "ready") throw new AppError("model-missing", `${id} is not complete. Add it again.`);
  output.progress(sentence);
  return 0;
}

function progressLine(entry: ModelEntry): string {
  const percent =
    entry.totalBytes === null || entry.totalBytes === 0
      ? ""
      : ` ${Math.floor((entry.receivedBytes / entry.totalBytes) * 100)} %`;
  const speed = entry.bytesPerSecond > 0 ? `, ${size(entry.bytesPerSecond)}/s` : "";
  const left = entry.leftMs === null || entry.leftMs < 1000 ? "" : `, ${duration(entry.leftMs)} left`;
  const total = entry.totalBytes === null ? "" : ` of ${size(entry.totalBytes)}`;
  return `${entry.state}${percent} · ${size(entry.receivedBytes)}${total}${speed}${left}`;
}

function table(entries: readonly ModelEntry[]): string {
  const memory = totalmem();
  return entries
    .map(({ model, state, totalBytes, error }) => {
      const fit =
        model.memoryBytes > memory
          ? `needs ${size(model.memoryBytes)} of memory, this machine has ${size(memory)}`
          : "";
      const facts = [
        state,
        totalBytes === null ? "size told by the hub" : size(totalBytes),
        model.licence,
        `for ${model.fits.map((fits) => (fits === "cpu" ? "processors" : "graphics cards")).join(" and ")}`,
        fit,
        error?.message ?? "",
      ];
      return `${model.id}\n  ${model.name}. ${model.note}\n  ${facts.filter(Boolean).join(" · ")}`;
    })
    .join("\n\n");
}

function toJson({ model, error, ...entry }: ModelEntry): Record<string, unknown> {
  const { id, kind, name, repo, revision, licence, dtype, memoryBytes } = model;
  return {
    id,
    kind,
    name,
    repo,
    revision,
    licence,
    dtype,
    memoryBytes,
    ...entry,
    error: error ? { code: error.code, message: error.message } : null,
  };
}

function size(bytes: number): string {
  if (bytes >= 1e9) return `${(bytes / 1e9).toFixed(2)} GB`;
  if (bytes >= 1e6) return `${(bytes / 1e6).toFixed(0)} MB`;
  return `${(bytes / 1e3).toFixed(0)} kB`;
}

function duration(ms: number): string {
  const minutes = ms / 60_000;
  return minutes < 1.5 ? `${Math.ceil(ms / 1000)} s` : `${Math.round(minutes)} min`;
}
