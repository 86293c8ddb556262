import { homedir } from "node:os";
import path from "node:path";

export interface DataFolderContext {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
}

/**
 * Where Parley keeps settings, history and models: `PARLEY_HOME`, or the platform's convention (XDG base directories,
 * Application Support, %APPDATA%). A relative path in XDG_DATA_HOME is ignored, as its specification asks.
 */
export function dataFolder(
  context: DataFolderContext = { platform: process.platform, env: process.env, home: homedir() },
): string {
  const { platform, env, home } = context;
  if (env["PARLEY_HOME"]) return path.resolve(env["PARLEY_HOME"]);
  if (platform === "win32") {
    return path.win32.join(env["APPDATA"] ?? path.win32.join(home, "AppData", "Roaming"), "Parley");
  }
  if (platform === "darwin") return path.posix.join(home, "Library", "Application Support", "Parley");
  const xdg = env["XDG_DATA_HOME"];
  const base = xdg && path.posix.isAbsolute(xdg) ? xdg : path.posix.join(home, ".local", "share");
  return path.posix.join(base, "parley");
}
