import { existsSync, readdirSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { AppError } from "../../shared/errors.ts";
import { productionBuild, runNode } from "./command.ts";
import { packageFolder, pageFolder } from "./places.ts";

/** What the built page is made of. */
const sources = ["src/renderer", "src/shared", "vite.renderer.config.ts", "package-lock.json"];
const buildTimeoutMs = 120_000;

/**
 * Builds the page when it was never built or its sources are newer; an installed Parley, which has no sources, is left
 * as it is. Throws AppError `internal` with the builder's last words.
 */
export async function ensurePage(onBuild: () => void): Promise<void> {
  if (isFresh()) return;
  onBuild();
  const vite = path.join(
    path.dirname(createRequire(import.meta.url).resolve("vite/package.json")),
    "bin/vite.js",
  );
  const parameters = ["build", "-c", "vite.renderer.config.ts", "--logLevel", "warn"];
  const { exitCode, output } = await runNode(vite, parameters, {
    cwd: packageFolder,
    timeoutMs: buildTimeoutMs,
    env: productionBuild,
  });
  if (exitCode === 0) return;
  throw new AppError("internal", `The page could not be built: ${output.trim() || "no reason was given"}`);
}

function isFresh(): boolean {
  const index = path.join(pageFolder, "index.html");
  const hasSources = existsSync(path.join(packageFolder, "src/renderer/index.html"));
  if (!existsSync(index)) return false;
  return (
    !hasSources ||
    newestMs(sources.map((source) => path.join(packageFolder, source))) <= statSync(index).mtimeMs
  );
}

function newestMs(files: readonly string[]): number {
  return files.reduce((newest, file) => Math.max(newest, modifiedMs(file)), 0);
}

function modifiedMs(file: string): number {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (!stat) return 0;
  if (!stat.isDirectory()) return stat.mtimeMs;
  // A deleted file shows in the time of its folder.
  return Math.max(stat.mtimeMs, newestMs(readdirSync(file).map((name) => path.join(file, name))));
}
