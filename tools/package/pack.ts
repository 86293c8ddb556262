import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { z } from "zod";
import { productionBuild } from "../../src/main/launch/command.ts";
import { builder } from "../../src/main/launch/electron-app.ts";
import { writeStandIn } from "./stand-in.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const require = createRequire(import.meta.url);
const run = promisify(execFile);

/** What a package is made of. Copied, so that nothing that reads out/ meanwhile finds it half written. */
const sources = [
  "src resources samples build LICENSE THIRD-PARTY-NOTICES.md package.json package-lock.json",
  "electron-builder.yml electron.vite.config.ts vite.renderer.config.ts tsconfig.json tsconfig.web.json",
].flatMap((names) => names.split(" "));

export interface Packed {
  /** Of the app: holds app.asar and app.asar.unpacked. */
  readonly resources: string;
  /** What people would start; not Electron itself where that could not be had. */
  readonly executable: string;
  readonly isStandIn: boolean;
}

/** Why no package can be made here; undefined when one can. */
export function cannotPack(): string | undefined {
  if (process.platform === "linux" || hasElectron()) return undefined;
  return "Electron's binaries are not installed, and only those of Linux have a stand-in.";
}

function hasElectron(): boolean {
  return existsSync(path.join(root, "node_modules/electron/dist"));
}

/** Builds the app and packs it in `folder`, as electron-builder.yml says but without making an installer of it. */
export async function pack(folder: string): Promise<Packed> {
  const project = path.join(folder, "project");
  const output = path.join(folder, "release");
  mkdirSync(project, { recursive: true });
  for (const name of sources) cpSync(path.join(root, name), path.join(project, name), { recursive: true });
  symlinkSync(path.join(root, "node_modules"), path.join(project, "node_modules"), "junction");
  const isStandIn = !hasElectron();
  const dist = path.join(folder, "electron");
  if (isStandIn) {
    const manifest: unknown = JSON.parse(readFileSync(require.resolve("electron/package.json"), "utf8"));
    writeStandIn(dist, z.object({ version: z.string() }).parse(manifest).version);
  }
  const node = (script: string, ...args: string[]) =>
    run(process.execPath, [script, ...args], {
      cwd: project,
      env: { ...process.env, ...productionBuild, ELECTRON_BUILDER_CACHE: path.join(folder, "cache") },
      maxBuffer: 64 * 1024 * 1024,
    });
  await node(builder(), "build");
  const settings = [`-c.directories.output=${output}`, ...(isStandIn ? [`-c.electronDist=${dist}`] : [])];
  await node(installerScript(), "--dir", "--publish", "never", ...settings);
  return { ...packedIn(output), isStandIn };
}

/** The script of electron-builder. */
export function installerScript(): string {
  return path.join(path.dirname(require.resolve("electron-builder/package.json")), "cli.js");
}

/** electron-builder's names for what it has unpacked. */
function packedIn(output: string): Omit<Packed, "isStandIn"> {
  const arch = process.arch === "x64" ? "" : `-${process.arch}`;
  if (process.platform === "darwin") {
    const contents = path.join(output, `mac${arch}`, "Parley.app/Contents");
    return { resources: path.join(contents, "Resources"), executable: path.join(contents, "MacOS/Parley") };
  }
  const isWindows = process.platform === "win32";
  const folder = path.join(output, `${isWindows ? "win" : "linux"}${arch}-unpacked`);
  const executable = path.join(folder, isWindows ? "Parley.exe" : "parley");
  return { resources: path.join(folder, "resources"), executable };
}
