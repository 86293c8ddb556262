import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { AppError } from "../../shared/errors.ts";
import type { Settings } from "../../shared/settings.ts";
import type { EngineModels } from "../models/engine.ts";

/** The demo pack: the id under which settings and the command line know it, and its folder. */
export const demoId = "nano";
/** The demo pack understands English only, and writes it down only when told that it is English (its README). */
export const DEMO_LANGUAGE = "en";
const demoFolder = fileURLToPath(new URL("../../../resources/models/nano/", import.meta.url));

export interface ModelChoice {
  readonly models: EngineModels;
  readonly isDemo: boolean;
}

/**
 * The models that settings ask for: the demo pack, or a folder that holds `voxtral/` and `kokoro/`.
 * Throws AppError `model-missing` for anything else.
 */
export function modelChoice({ active, provider, threads }: Settings["models"]): ModelChoice {
  const folder = active === demoId ? demoFolder : path.resolve(active);
  const folders = { voxtral: path.join(folder, "voxtral"), kokoro: path.join(folder, "kokoro") };
  const isFolder = active === demoId || path.isAbsolute(active);
  if (!isFolder || !existsSync(folders.voxtral) || !existsSync(folders.kokoro)) {
    throw new AppError(
      "model-missing",
      "The chosen model is not on this machine. Choose another one in the settings.",
      { details: { active } },
    );
  }
  const common = { provider, threads };
  return {
    models: {
      voxtral: { modelDir: folders.voxtral, ...common },
      kokoro: { modelDir: folders.kokoro, ...common },
    },
    isDemo: active === demoId,
  };
}
