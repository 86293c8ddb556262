import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { productionBuild, runNode } from "./command.ts";
import { electronBinary } from "./electron-binary.ts";
import { electronObstacle } from "./electron-obstacle.ts";
import { packageFolder } from "./places.ts";

const buildTimeoutMs = 180_000;
/** A window that was there this long was no failed start, whatever its exit code. */
const startedMs = 5000;

/** Runs the app with the executable given, and resolves as `runElectronApp` does. */
export type RunElectron = (binary: string) => Promise<string | null>;

/**
 * Runs the desktop app until it is quit and resolves with null; or resolves with the reason, as the end of a sentence,
 * why it could not be started here. `run` is handed Electron's executable.
 */
export async function runElectronApp(
  log: (line: string) => void,
  run: RunElectron = (binary) => runBuilt(binary, log),
): Promise<string | null> {
  const isRoot = process.getuid?.() === 0;
  const obstacle = electronObstacle({ platform: process.platform, env: process.env, isRoot });
  if (obstacle !== null) return obstacle;
  if (!existsSync(path.join(packageFolder, "src/main/index.ts")))
    return "the desktop app is not part of this package";
  const binary = await electronBinary(() => log("Fetching Electron (once)…"));
  if ("obstacle" in binary) return binary.obstacle;
  return await run(binary.path);
}

async function runBuilt(binary: string, log: (line: string) => void): Promise<string | null> {
  log("Building the desktop app…");
  const build = await runNode(builder(), ["build"], {
    cwd: packageFolder,
    timeoutMs: buildTimeoutMs,
    env: productionBuild,
  });
  if (build.exitCode !== 0) return "the desktop app could not be built";
  return await runUntilQuit(binary, ["."]);
}

/** The script of electron-vite. */
export function builder(): string {
  const folder = path.dirname(createRequire(import.meta.url).resolve("electron-vite/package.json"));
  return path.join(folder, "bin/electron-vite.js");
}

/** Runs a program in the package's folder until it ends. Null, or why it failed to start, as the end of a sentence. */
export function runUntilQuit(
  program: string,
  parameters: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string | null> {
  const { promise, resolve } = Promise.withResolvers<string | null>();
  const startedAtMs = performance.now();
  const child = spawn(program, [...parameters], {
    cwd: packageFolder,
    stdio: "inherit",
    env: { ...process.env, ...env },
  });
  // Ctrl-C reaches the whole group: the window quits in its own order, and we wait for it.
  process.on("SIGINT", () => {});
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  child.on("error", () => resolve("Electron could not be started"));
  child.on("exit", (exitCode) => {
    const hasFailed = exitCode !== 0 && performance.now() - startedAtMs < startedMs;
    resolve(hasFailed ? "Electron could not start here" : null);
  });
  return promise;
}
