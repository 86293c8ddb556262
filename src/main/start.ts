import { runBrowserApp } from "./launch/browser-app.ts";
import { runElectronApp } from "./launch/electron-app.ts";
import { runEntry } from "./launch/entry.ts";

/** `npm start`: the desktop app where it can run, else the same app in the browser, with the reason in one line. */
await runEntry(async (parameters) => {
  const reason = parameters.browser ? "as you asked" : await runElectronApp((line) => console.error(line));
  if (reason === null) return;
  console.error(`Parley opens in the browser: ${reason}.`);
  await runBrowserApp(parameters);
});
