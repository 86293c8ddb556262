import { once } from "node:events";
import { createServer } from "node:net";
import { builder, runElectronApp, runUntilQuit } from "../launch/electron-app.ts";
import { pagePortVariable } from "./page-config.ts";

/**
 * The desktop app with hot reload: the page changes in place, and the app starts again when its main side changes.
 * Resolves as `runElectronApp` does, and decides in the same way whether Electron can run here.
 */
export function runElectronDevelopment(log: (line: string) => void): Promise<string | null> {
  return runElectronApp(log, async (binary) =>
    runUntilQuit(process.execPath, [builder(), "dev", "--watch"], {
      ELECTRON_EXEC_PATH: binary,
      [pagePortVariable]: String(await freePort()),
    }),
  );
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  server.close();
  await once(server, "close");
  return port;
}
