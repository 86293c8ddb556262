import { readFileSync } from "node:fs";
import path from "node:path";
import open from "open";
import { systemClock } from "../../shared/clock.ts";
import type { AppError } from "../../shared/errors.ts";
import { createApp, type App } from "../app/app.ts";
import { readPageFiles } from "../app/page-files.ts";
import { startBrowserHost } from "../browser/host.ts";
import { dataFolder } from "../storage/data-folder.ts";
import type { HostArguments } from "./arguments.ts";
import { hasDisplay } from "./electron-obstacle.ts";
import { ensurePage } from "./page-build.ts";
import { packageFolder, pageFolder, samplesFolder } from "./places.ts";

export interface RunningBrowserApp extends AsyncDisposable {
  /** What the person opens; carries the one-time token. */
  readonly address: string;
}

/**
 * The app behind a page in a browser: models, storage, page and socket. `log` gets a line now and then for the person
 * at the terminal, never anything that was said. Rejects with AppError when the port is taken or the page cannot be built.
 */
export async function startBrowserApp(
  { port, model }: Pick<HostArguments, "port" | "model">,
  log: (line: string) => void,
): Promise<RunningBrowserApp> {
  await ensurePage(() => log("Building the page (once)…"));
  const files = await readPageFiles(pageFolder);
  const app = createBrowserApp(model, log);
  try {
    const host = await startBrowserHost({
      port,
      files,
      onPort: (page, view) => app.addWindow(page, view),
      onRefused: (reason) => log(`Refused a connection: ${reason}.`),
    });
    return {
      address: host.address,
      async [Symbol.asyncDispose]() {
        // Pages first, so that they see an orderly end; then the models; storage last.
        await host[Symbol.asyncDispose]();
        await app.dispose();
      },
    };
  } catch (error) {
    await app.dispose();
    throw error;
  }
}

/** The app as a page in a browser gets it; `model` overrides the settings. See `createApp` for what it throws. */
export function createBrowserApp(model: string | undefined, log: (line: string) => void): App {
  return createApp({
    host: "browser",
    version: packageVersion(),
    folder: dataFolder(),
    samplesFolder,
    clock: systemClock,
    hotkey: {
      level: "none",
      backend: "browser",
      reason: "A page hears keys only while it is in front. The desktop app has a key for the whole system.",
    },
    report: (error: AppError) => log(`${error.code}: ${error.message}`),
    ...(model === undefined ? {} : { model }),
  });
}

/** Runs it until Ctrl-C (or SIGTERM, or a closed terminal). */
export async function runBrowserApp(parameters: HostArguments): Promise<void> {
  const log = (line: string): void => console.error(line);
  const stopped = untilStopped();
  const running = await startBrowserApp(parameters, log);
  await showAddress(running.address, parameters, log);
  await stopped;
  await running[Symbol.asyncDispose]();
}

/** Prints the address, alone on standard output, and opens it where it is wanted and there is something to open it with. */
export async function showAddress(
  address: string,
  { opensBrowser }: Pick<HostArguments, "opensBrowser">,
  log: (line: string) => void,
): Promise<void> {
  console.log(address);
  if (!opensBrowser || !hasDisplay(process)) return;
  try {
    const viewer = await open(address);
    viewer.on("error", () => log("No browser could be opened: open the address above yourself."));
  } catch {
    // No browser, or no program that knows which: the address is printed.
    log("No browser could be opened: open the address above yourself.");
  }
}

/** Settles at the first request to stop; a second one ends the process at once. */
export function untilStopped(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let hasStopped = false;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      // The models' processes end by themselves when their parent has gone.
      if (hasStopped) process.exit(130);
      hasStopped = true;
      resolve();
    });
  }
  return promise;
}

function packageVersion(): string {
  const contents: unknown = JSON.parse(readFileSync(path.join(packageFolder, "package.json"), "utf8"));
  const hasVersion = typeof contents === "object" && contents !== null && "version" in contents;
  return hasVersion ? String(contents.version) : "unknown";
}
