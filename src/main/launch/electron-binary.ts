import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { runNode } from "./command.ts";
import { packageFolder } from "./places.ts";

/** A download of 100 MB on a slow line; without a network it fails within seconds. */
const installTimeoutMs = 180_000;

export type ElectronBinary = { readonly path: string } | { readonly obstacle: string };

/** Finds Electron's executable where it has been fetched before. */
export function presentElectron(): ElectronBinary {
  const folder = packageOfElectron();
  if (folder === null) return { obstacle: "Electron is not installed" };
  const present = executable(folder);
  return present === null ? { obstacle: "Electron was not downloaded" } : { path: present };
}

/**
 * Finds Electron's executable, fetching it the first time. The package's own index.js is not imported: it would
 * download while it is being imported, without a limit.
 */
export async function electronBinary(onDownload: () => void): Promise<ElectronBinary> {
  const folder = packageOfElectron();
  if (folder === null) return { obstacle: "Electron is not installed" };
  const present = executable(folder);
  if (present) return { path: present };
  onDownload();
  const installer = path.join(folder, "install.js");
  const result = await runNode(installer, [], { cwd: packageFolder, timeoutMs: installTimeoutMs });
  const installed = executable(folder);
  if (installed) return { path: installed };
  return {
    obstacle: result.hasTimedOut ? "Electron's download took too long" : "Electron could not be downloaded",
  };
}

function packageOfElectron(): string | null {
  try {
    return path.dirname(createRequire(import.meta.url).resolve("electron/package.json"));
  } catch {
    // Installed without development dependencies: a server.
    return null;
  }
}

function executable(folder: string): string | null {
  const pathFile = path.join(folder, "path.txt");
  if (!existsSync(pathFile)) return null;
  const file = path.join(folder, "dist", readFileSync(pathFile, "utf8"));
  return existsSync(file) ? file : null;
}
