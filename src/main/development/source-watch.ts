import { watch } from "node:fs";
import path from "node:path";
import { systemClock } from "../../shared/clock.ts";

/** An editor writes a file in several steps, and a checkout writes many. */
const settleMs = 100;

export type ChangedSide =
  /** What the app is made of. */
  | "main"
  /** What holds the pages' sockets and lives as long as `npm run dev`. */
  | "host";

/** Which side a file of `src` belongs to, by its path below it; null for tests, the page and what no process runs. */
export function sideOf(file: string): ChangedSide | null {
  const [layer, folder = ""] = file.split(/[/\\]/);
  if (!file.endsWith(".ts") || file.endsWith(".test.ts")) return null;
  if (layer === "shared") return "main";
  if (layer !== "main" || folder === "electron") return null;
  return folder === "browser" || folder === "development" ? "host" : "main";
}

/** Calls `onChange` once for each burst of changes below `folder` (the package's `src`), until disposed. */
export function watchSources(folder: string, onChange: (side: ChangedSide) => void): Disposable {
  const changed = new Set<ChangedSide>();
  let timer: Disposable | undefined;
  const watcher = watch(path.resolve(folder), { recursive: true }, (_event, file) => {
    const side = file === null ? null : sideOf(file);
    if (side === null) return;
    changed.add(side);
    timer?.[Symbol.dispose]();
    timer = systemClock.after(settleMs, () => {
      for (const each of changed) onChange(each);
      changed.clear();
    });
  });
  return {
    [Symbol.dispose]() {
      timer?.[Symbol.dispose]();
      watcher.close();
    },
  };
}
