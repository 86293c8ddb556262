import { expect, test } from "vitest";
import { electronObstacle, type Surroundings } from "./electron-obstacle.ts";

test.for<[Partial<Surroundings>, string | null]>([
  [{ env: { DISPLAY: ":0" } }, null],
  [{ env: { WAYLAND_DISPLAY: "wayland-0" } }, null],
  [{ env: {} }, "there is no display"],
  [{ env: { DISPLAY: "" } }, "there is no display"],
  [{ env: { DISPLAY: ":0" }, isRoot: true }, "Electron does not run as root"],
  [{ env: { DISPLAY: ":0", PARLEY_HOST: "browser" } }, "PARLEY_HOST asks for the browser"],
  [{ platform: "darwin", env: {} }, null],
  [{ platform: "win32", env: {} }, null],
])("R22 Electron with %j: %s", ([changes, obstacle]) => {
  expect(electronObstacle({ platform: "linux", env: {}, isRoot: false, ...changes })).toBe(obstacle);
});
