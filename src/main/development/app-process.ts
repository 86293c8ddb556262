import { createBrowserApp } from "../launch/browser-app.ts";
import { parentPort } from "../models/parent-port.ts";
import { acceptWindows } from "./relay.ts";

/**
 * The app without its socket, for `npm run dev`: `app-process.ts [MODEL]`, forked by MainProcess. It ends in order when
 * the channel to its parent closes, whichever way the parent went.
 */
const link = parentPort();
if (!link) throw new Error("app-process.ts is started by npm run dev.");
// Ctrl-C goes to the whole group; the parent decides.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});
const app = createBrowserApp(process.argv[2], (line) => console.error(line));
acceptWindows(link, (port, view) => app.addWindow(port, view));
await link.closed;
await app.dispose();
