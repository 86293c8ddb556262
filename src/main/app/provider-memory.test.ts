import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Outcome } from "../models/providers/outcome.ts";
import { providerMemory } from "./provider-memory.ts";

const outcome: Outcome = {
  provider: "webgpu",
  verdict: "works",
  reason: null,
  loadMs: 1200,
  costs: { model: { prefillMs: null, stepMs: 30 } },
};

let folder: string;
beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), "parley-providers-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("R21 what was found out holds over restarts, by key", async () => {
  await providerMemory(folder).write("one", [outcome]);
  await providerMemory(folder).write("two", []);
  expect(await providerMemory(folder).read("one")).toEqual([outcome]);
  expect(await providerMemory(folder).read("three")).toEqual([]);
});

test("R62 a damaged or foreign file is as good as none, and is replaced", async () => {
  const file = path.join(folder, "providers.json");
  for (const content of [
    "{",
    '{"version":2,"entries":{}}',
    '{"version":1,"entries":{"one":[{"provider":"x"}]}}',
  ]) {
    writeFileSync(file, content);
    expect(await providerMemory(folder).read("one")).toEqual([]);
  }
  await providerMemory(folder).write("one", [outcome]);
  expect(await providerMemory(folder).read("one")).toEqual([outcome]);
});

test("R21 the oldest make room for the newest", async () => {
  const memory = providerMemory(path.join(folder, "not", "yet"));
  for (let i = 0; i < 40; i++) await memory.write(`key ${i}`, [outcome]);
  expect(await memory.read("key 7")).toEqual([]);
  expect(await memory.read("key 8")).toEqual([outcome]);
  const { entries } = JSON.parse(readFileSync(path.join(folder, "not/yet/providers.json"), "utf8"));
  expect(Object.keys(entries)).toHaveLength(32);
});
