import { runBrowserApp } from "./launch/browser-app.ts";
import { runEntry } from "./launch/entry.ts";

/** Entry of the browser host: `node src/main/browser.ts [--port N] [--no-open] [--model NAME]`. */
await runEntry(runBrowserApp);
