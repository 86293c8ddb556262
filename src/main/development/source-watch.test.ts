import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { sideOf, watchSources, type ChangedSide } from "./source-watch.ts";

test.for<[string, ChangedSide | null]>([
  ["shared/errors.ts", "main"],
  ["main/app/app.ts", "main"],
  ["main/models/voxtral/load.ts", "main"],
  ["main/launch/browser-app.ts", "main"],
  ["main\\app\\app.ts", "main"],
  ["main/browser/host.ts", "host"],
  ["main/development/relay.ts", "host"],
  ["main/electron/ipc.ts", null],
  ["main/app/app.test.ts", null],
  ["main/app/notes.md", null],
  ["renderer/app.tsx", null],
  ["renderer/audio/player.ts", null],
  ["preload/index.ts", null],
])("%s belongs to %s", ([file, side]) => {
  expect(sideOf(file)).toBe(side);
});

test("a burst of changes is told once a side", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "parley-watch-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const name of ["main/app", "main/browser", "renderer"]) {
    mkdirSync(path.join(folder, name), { recursive: true });
  }
  const told: ChangedSide[] = [];
  const both = Promise.withResolvers<void>();
  using _watch = watchSources(folder, (side) => {
    told.push(side);
    if (told.includes("host") && told.includes("main")) both.resolve();
  });
  for (const name of [
    "renderer/x.ts",
    "main/app/a.ts",
    "main/app/b.ts",
    "main/app/a.ts",
    "main/browser/h.ts",
  ]) {
    writeFileSync(path.join(folder, name), "export {};");
  }
  await both.promise;
  expect(told.toSorted()).toEqual(["host", "main"]);
});
