import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { runNode } from "./command.ts";
import { electronBinary } from "./electron-binary.ts";
import { electronObstacle } from "./electron-obstacle.ts";
import { packageFolder } from "./places.ts";

const buildTimeoutMs = 180_000;
/** A window that was there this long was no failed start, whatever its exit code. */
const startedMs = 5000;

/**
 * Runs the desktop app until it is quit and resolves with null; or resolves with the reason, as the end of a sentence,
 * why it could not be started here.
 */
export async function runElectronApp(log: (line: string) => void): Promise<string | null> {
  const isRoot = process.getuid?.() === 0;
  const obstacle = electronObstacle({ platform: process.platform, env: process.env, isRoot });
  if (obstacle !== null) return obstacle;
  if (!existsSync(path.join(packageFolder, "src/main/index.ts")))
    return "the desktop app is not part of this package";
  const binary = await electronBinary(() => log("Fetching Electron (once)…"));
  if ("obstacle" in binary) return binary.obstacle;
  log("Building the desktop app…");
  const builder = path.join(
    path.dirname(createRequire(import.meta.url).resolve("electron-vite/package.json")),
    "bin/electron-vite.js",
  );
  const build = await runNode(builder, ["build"], { cwd: packageFolder, timeoutMs: buildTimeoutMs });
  if (build.exitCode !== 0) return "the desktop app could not be built";
  return await runUntilQuit(binary.path);
}

function runUntilQuit(binary: string): Promise<string | null> {
  const { promise, resolve } = Promise.withResolvers<string | null>();
  const startedAtMs = performance.now();
  const child = spawn(binary, ["."], { cwd: packageFolder, stdio: "inherit" });
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
