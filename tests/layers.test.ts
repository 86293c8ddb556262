import { globSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { layerViolations } from "./support/layers.ts";

const root = new URL("../", import.meta.url);
const sources = globSync("src/**/*.{ts,tsx}", { cwd: root })
  .map((path) => path.replaceAll("\\", "/"))
  .filter((path) => !/\.test\.tsx?$|\.d\.ts$/.test(path));

test("R61 dependencies point one way, and electron, ipcMain, models and the database stay in their folders", () => {
  expect(sources.length).toBeGreaterThan(100);
  const violations = sources.flatMap((path) =>
    layerViolations(path, readFileSync(new URL(path, root), "utf8")),
  );
  expect(violations).toEqual([]);
});

test.each([
  ["src/shared/a.ts", 'import { readFile } from "node:fs";', "shared imports nothing of Node"],
  ["src/shared/a.ts", 'import fs from "fs";', "shared imports nothing of Node"],
  ["src/shared/a.ts", 'import ws from "ws";', "shared is pure"],
  ["src/shared/a.ts", 'import type { X } from "../main/app/x.ts";', "shared does not import app"],
  ["src/shared/a.ts", 'export * from "../renderer/x.ts";', "shared does not import renderer"],
  [
    "src/renderer/a.tsx",
    'import { X } from "../main/models/services.ts";',
    "renderer does not import models",
  ],
  [
    "src/renderer/audio/a.ts",
    'const x = await import("../../main/start.ts");',
    "renderer does not import entries",
  ],
  [
    "src/renderer/a.ts",
    'import url from "../main/browser/x.worklet.ts?worker&url";',
    "renderer does not import browser",
  ],
  ["src/preload/index.ts", 'import "node:os";', "preload imports nothing of Node"],
  [
    "src/main/models/a.ts",
    'import { turn } from "../assistant/turn.ts";',
    "models does not import assistant",
  ],
  ["src/main/storage/a.ts", 'export { x } from "../models/engine.ts";', "storage does not import models"],
  [
    "src/main/assistant/a.ts",
    'import { x } from "../storage/history.ts";',
    "assistant does not import storage",
  ],
  [
    "src/main/assistant/a.ts",
    'import { x } from "../models/voxtral/prompt.ts";',
    "the assistant knows the models by services.ts and engine.ts only",
  ],
  ["src/main/app/a.ts", 'import { x } from "../electron/windows.ts";', "app does not import electron"],
  [
    "src/main/browser/a.ts",
    'import { x } from "../electron/windows.ts";',
    "browser does not import electron",
  ],
  ["src/main/electron/a.ts", 'import { x } from "../start.ts";', "electron does not import entries"],
  [
    "src/main/browser/a.ts",
    'import type { App } from "electron";',
    "only src/main/electron and src/preload import electron",
  ],
  [
    "src/main/cli.ts",
    'const { app } = require("electron");',
    "only src/main/electron and src/preload import electron",
  ],
  [
    "src/main/electron/a.ts",
    'import { app, ipcMain as bus } from "electron";',
    "only src/main/electron/ipc.ts imports ipcMain",
  ],
  ["src/main/electron/a.ts", 'import * as electron from "electron";', "electron is imported by names"],
  ["src/main/app/a.ts", 'import * as ort from "onnxruntime-node";', "only src/main/models runs models"],
  [
    "src/main/launch/a.ts",
    'import { createServer } from "vite";',
    "only src/main/development serves the page from its sources",
  ],
  [
    "src/main/app/a.ts",
    'import { DatabaseSync } from "node:sqlite";',
    "only src/main/storage opens the database",
  ],
  ["src/main/app/a.ts", 'import { useState } from "react";', "only the renderer draws"],
  ["src/main/app/a.ts", 'import { x } from "../../../tests/support/x.ts";', "source imports only source"],
  ["src/main/app/a.ts", 'import { x } from "./b.test.ts";', "source imports no test"],
])("the checker finds what is wrong in %s: %s", (file, source, rule) => {
  expect(layerViolations(file, source).map((found) => found.rule)).toEqual([rule]);
});

test.each([
  ["src/shared/a.ts", 'import { z } from "zod"; import type { B } from "./b.ts";'],
  ["src/main/assistant/a.ts", 'import { x } from "../models/services.ts"; import "../../shared/a.ts";'],
  ["src/main/electron/ipc.ts", 'import { ipcMain } from "electron"; import { a } from "../app/a.ts";'],
  ["src/main/models/a.ts", 'const ort = await import("onnxruntime-node"); import path from "node:path";'],
  [
    "src/renderer/a.tsx",
    'import { useState } from "react"; import "./a.module.css"; const x = <p>from "fs"</p>;',
  ],
  ["src/main/cli.ts", 'import { a } from "./app/a.ts"; import { b } from "./browser/b.ts";'],
])("the checker lets pass what is right in %s: %s", (file, source) => {
  expect(layerViolations(file, source)).toEqual([]);
});

test("the checker refuses a file that it cannot read", () => {
  expect(() => layerViolations("src/shared/a.ts", "import { from;")).toThrow("src/shared/a.ts");
});
