import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";

/** @electron/fuses finds the fuses behind these bytes; a version, how many there are, and one byte for each. */
const SENTINEL = "dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX";
/** As Electron is delivered, in the order of FuseV1Options: half of what Parley wants has to be flipped, either way. */
const FUSES = "10110001";

/**
 * A folder that electron-builder takes for Electron's Linux binaries where those cannot be had: what it copies, renames and
 * flips fuses in is there, and nothing of it runs.
 */
export function writeStandIn(folder: string, version: string): void {
  mkdirSync(path.join(folder, "resources"), { recursive: true });
  const fuses = Buffer.concat([Buffer.from(SENTINEL), Buffer.from([1, FUSES.length]), Buffer.from(FUSES)]);
  writeFileSync(path.join(folder, "electron"), Buffer.concat([Buffer.alloc(4096), fuses, Buffer.alloc(64)]), {
    mode: 0o755,
  });
  writeFileSync(path.join(folder, "version"), version);
  for (const name of ["LICENSE", "LICENSES.chromium.html", "chrome-sandbox", "chrome_crashpad_handler"])
    writeFileSync(path.join(folder, name), "stand-in");
}
