import { runBrowserDevelopment } from "./development/browser-development.ts";
import { runElectronDevelopment } from "./development/electron-development.ts";
import { runEntry } from "./launch/entry.ts";

/** `npm run dev`: as `npm start`, from the sources, with hot reload. */
await runEntry(async (parameters) => {
  const log = (line: string): void => console.error(line);
  const reason = parameters.browser ? "as you asked" : await runElectronDevelopment(log);
  if (reason === null) return;
  log(`Parley opens in the browser: ${reason}.`);
  await runBrowserDevelopment(parameters);
});
