import path from "node:path";
import { catalogue, type CatalogueModel, type ModelKind } from "./catalogue.ts";
import { LibraryState } from "./library-state.ts";
import { Manifest } from "./manifest.ts";

export interface InstalledModel {
  readonly kind: ModelKind;
  /** The folder to load it from. */
  readonly folder: string;
  readonly dtype: string;
}

/** A repository's folder below `root`: as transformers.js caches its main revision. */
export function repositoryFolder(root: string, repo: string): string {
  return path.join(root, ...repo.split("/"));
}

/** The model of this id, if all of its files are in `root` and were found right; undefined otherwise. */
export function findInstalled(
  root: string,
  id: string,
  known: readonly CatalogueModel[] = catalogue,
): InstalledModel | undefined {
  const model = [...known, ...LibraryState.open(root).custom].find((candidate) => candidate.id === id);
  if (!model) return undefined;
  const folder = repositoryFolder(root, model.repo);
  const manifest = new Manifest(folder, model.repo);
  const isWhole = model.files.every(({ path: file }) => manifest.has(file));
  return isWhole ? { kind: model.kind, folder, dtype: model.dtype } : undefined;
}
