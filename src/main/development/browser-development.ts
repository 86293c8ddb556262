import path from "node:path";
import { startBrowserHost } from "../browser/host.ts";
import type { HostArguments } from "../launch/arguments.ts";
import { showAddress, untilStopped } from "../launch/browser-app.ts";
import { packageFolder } from "../launch/places.ts";
import { MainProcess } from "./main-process.ts";
import { watchSources } from "./source-watch.ts";
import { createVitePage } from "./vite-page.ts";

/**
 * The browser host with hot reload, until Ctrl-C. This process holds the address, the cookie and the page's sources; the
 * app runs in another, which is exchanged when its sources change, and open pages connect to the new one by themselves.
 */
export async function runBrowserDevelopment(parameters: HostArguments): Promise<void> {
  const log = (line: string): void => console.error(line);
  const stopped = untilStopped();
  await using page = await createVitePage(packageFolder);
  await using main = new MainProcess(parameters.model === undefined ? [] : [parameters.model], log);
  await using host = await startBrowserHost({
    port: parameters.port,
    files: new Map(),
    development: page,
    onPort: (port, view) => main.addWindow(port, view),
    onRefused: (reason) => log(`Refused a connection: ${reason}.`),
  });
  using _watch = watchSources(path.join(packageFolder, "src"), (side) => {
    if (side === "host") {
      log("The browser host changed: start npm run dev again to see it.");
      return;
    }
    log("The main side changed and starts again.");
    void main.restart();
  });
  await showAddress(host.address, parameters, log);
  await stopped;
}
