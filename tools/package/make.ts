/**
 * Makes the installers of electron-builder.yml for this system, in release/: `npm run package -- [electron-builder's options]`.
 * Fetches Electron and electron-builder's tools from their own servers the first time.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { productionBuild } from "../../src/main/launch/command.ts";
import { builder } from "../../src/main/launch/electron-app.ts";
import { installerScript } from "./pack.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const env = { ...process.env, ...productionBuild };
for (const args of [
  [builder(), "build"],
  [installerScript(), "--publish", "never", ...process.argv.slice(2)],
]) {
  const { status } = spawnSync(process.execPath, args, { cwd: root, env, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}
