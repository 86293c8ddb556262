import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { AppError } from "../../shared/errors.ts";
import type { Settings } from "../../shared/settings.ts";
import type { InstalledModel } from "../library/installed.ts";
import type { EngineModels } from "../models/engine.ts";
import { unpacked } from "../models/unpacked.ts";

/** The demo pack: the id under which settings and the command line know it, and its folder. */
export const demoId = "nano";
/** The demo pack understands English only, and writes it down only when told that it is English (its README). */
export const DEMO_LANGUAGE = "en";
const demoFolder = unpacked(fileURLToPath(new URL("../../../resources/models/nano/", import.meta.url)));

export interface ModelChoice {
  readonly models: EngineModels;
  readonly isDemo: boolean;
}

/** Where downloaded models lie in the data folder. */
export function modelsFolder(dataFolder: string): string {
  return path.join(dataFolder, "models");
}

/**
 * The models that settings ask for: the demo pack, a folder that holds `voxtral/` and `kokoro/`, or ids of the library
 * joined by "+" (one that listens, one that speaks; the demo pack stands in for the one that is not named).
 * `library` finds the folder of a downloaded model by its id. Throws AppError `model-missing` for anything else.
 */
export function modelChoice(
  { active, provider, threads }: Pick<Settings["models"], "active" | "provider" | "threads">,
  library: ModelFinder = () => undefined,
): ModelChoice {
  const common = { provider, threads };
  const demo = {
    voxtral: { modelDir: path.join(demoFolder, "voxtral"), ...common },
    kokoro: { modelDir: path.join(demoFolder, "kokoro"), ...common },
  };
  if (active === demoId) return { models: demo, isDemo: true };
  if (path.isAbsolute(active)) {
    const folders = { voxtral: path.join(active, "voxtral"), kokoro: path.join(active, "kokoro") };
    if (!existsSync(folders.voxtral) || !existsSync(folders.kokoro)) throw notHere(active);
    const models = {
      voxtral: { ...demo.voxtral, modelDir: folders.voxtral },
      kokoro: { ...demo.kokoro, modelDir: folders.kokoro },
    };
    return { models, isDemo: false };
  }
  const models: { -readonly [K in keyof EngineModels]: EngineModels[K] } = { ...demo };
  for (const id of active.split("+")) {
    const found = library(id);
    if (!found) throw notHere(active);
    models[found.kind] = { modelDir: found.folder, dtype: found.dtype, ...common };
  }
  return { models, isDemo: false };
}

/** Finds a complete model of the library. */
export type ModelFinder = (id: string) => InstalledModel | undefined;

function notHere(active: string): AppError {
  return new AppError(
    "model-missing",
    "The chosen model is not on this machine. Choose another one in the settings, or download it.",
    { details: { active } },
  );
}
