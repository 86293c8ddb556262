import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus, loadavg, release, totalmem, type } from "node:os";
import path from "node:path";

/** Where a measurement was taken. `loadBefore` is the one-minute load average when this was called. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  readonly loadBefore: number | undefined;
}

/** Call it before the measurement, so that the load is that of others. */
export function describeMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()}`,
    loadBefore: loadavg()[0],
  };
}

/** Versions of Node and of the named packages as installed under `root`. */
export function versions(root: string, packages: readonly string[]): Record<string, string> {
  return {
    node: process.version,
    ...Object.fromEntries(packages.map((name) => [name, versionOf(root, name)])),
  };
}

/** The commit of the checkout at `root`, marked when files differ from it. */
export function commit(root: string): string {
  try {
    return execFileSync("git", ["describe", "--always", "--dirty"], { cwd: root, encoding: "utf8" }).trim();
  } catch {
    // Not a checkout: an archive has no commit to name.
    return "unknown";
  }
}

function versionOf(root: string, name: string): string {
  const manifest: unknown = JSON.parse(
    readFileSync(path.join(root, "node_modules", name, "package.json"), "utf8"),
  );
  return typeof manifest === "object" && manifest !== null && "version" in manifest
    ? String(manifest.version)
    : "unknown";
}
