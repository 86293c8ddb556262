import { expect, test } from "vitest";
import { dataFolder } from "./data-folder.ts";

test.for<[NodeJS.Platform, Record<string, string>, string, string]>([
  ["linux", {}, "/home/ana", "/home/ana/.local/share/parley"],
  ["linux", { XDG_DATA_HOME: "/data" }, "/home/ana", "/data/parley"],
  ["linux", { XDG_DATA_HOME: "relative" }, "/home/ana", "/home/ana/.local/share/parley"],
  ["darwin", {}, "/Users/ana", "/Users/ana/Library/Application Support/Parley"],
  ["win32", { APPDATA: "C:\\Users\\ana\\Roaming" }, "C:\\Users\\ana", "C:\\Users\\ana\\Roaming\\Parley"],
  ["win32", {}, "C:\\Users\\ana", "C:\\Users\\ana\\AppData\\Roaming\\Parley"],
  ["linux", { PARLEY_HOME: "/elsewhere" }, "/home/ana", "/elsewhere"],
])("R18 the data folder on %s with %j", ([platform, env, home, folder]) => {
  expect(dataFolder({ platform, env, home })).toBe(folder);
});
