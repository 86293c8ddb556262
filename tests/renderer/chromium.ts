import { existsSync } from "node:fs";

const candidates = [
  process.env["CHROMIUM_PATH"],
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
];

/** A Chromium of this machine, if there is one: the tests of the page need its audio worklets. */
export const chromiumPath = candidates.find((path) => path !== undefined && existsSync(path));
if (chromiumPath === undefined) {
  console.warn("The page's tests are skipped: no Chromium found. Set CHROMIUM_PATH to one.");
}
