/** What decides whether a desktop window can be opened here. */
export interface Surroundings {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly isRoot: boolean;
}

/** True when windows can be shown: only Linux runs without a desktop as a matter of course. */
export function hasDisplay({ platform, env }: Pick<Surroundings, "platform" | "env">): boolean {
  return platform !== "linux" || Boolean(env["DISPLAY"] || env["WAYLAND_DISPLAY"]);
}

/** Why Electron cannot run here, as the end of a sentence; null when nothing speaks against trying. */
export function electronObstacle(surroundings: Surroundings): string | null {
  if (surroundings.env["PARLEY_HOST"] === "browser") return "PARLEY_HOST asks for the browser";
  if (!hasDisplay(surroundings)) return "there is no display";
  // Chromium refuses, and running without its sandbox is not something we do.
  if (surroundings.platform === "linux" && surroundings.isRoot) return "Electron does not run as root";
  return null;
}
