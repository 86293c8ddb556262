import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { runInNewContext } from "node:vm";
import type { MessagePort } from "node:worker_threads";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import config from "../../electron.vite.config.ts";
import { CONNECT_CHANNEL, refusal } from "../../src/main/electron/ipc.ts";

// The preload as it ships: built with the options of electron.vite.config.ts, run against an `electron` that records.
const root = fileURLToPath(new URL("../../", import.meta.url));
let folder: string;
let code: string;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "parley-preload-"));
  const { preload } = config as {
    preload: { build: { rolldownOptions: { input: string; output: object } } };
  };
  const { input, output } = preload.build.rolldownOptions;
  await build({
    configFile: false,
    logLevel: "error",
    root,
    build: {
      outDir: folder,
      ssr: true,
      emptyOutDir: false,
      rolldownOptions: { input: path.join(root, input), external: ["electron"], output },
    },
  });
  code = readFileSync(path.join(folder, "index.cjs"), "utf8");
});
afterAll(() => rmSync(folder, { recursive: true }));

function load() {
  const exposed: Record<string, Record<string, (view: unknown) => void>> = {};
  const sent: unknown[][] = [];
  const posted: unknown[][] = [];
  const required: string[] = [];
  const electron = {
    contextBridge: { exposeInMainWorld: (name: string, api: never) => void (exposed[name] = api) },
    ipcRenderer: { postMessage: (...args: unknown[]) => void sent.push(args) },
  };
  runInNewContext(code, {
    require: (name: string) => {
      required.push(name);
      if (name === "electron") return electron;
      throw new Error(`A sandboxed preload cannot require ${name}`);
    },
    exports: {},
    module: { exports: {} },
    MessageChannel,
    window: {
      location: { origin: "app://bundle" },
      postMessage: (...args: unknown[]) => void posted.push(args),
    },
  });
  return { exposed, sent, posted, required };
}

describe("R61 the built preload", () => {
  test("is one file that needs nothing but electron", () => {
    expect(new Set(load().required)).toEqual(new Set(["electron"]));
  });

  test("exposes one object with one function, and nothing of Electron", () => {
    const { exposed } = load();
    expect(Object.keys(exposed)).toEqual(["parley"]);
    expect(Object.keys(exposed["parley"]!)).toEqual(["connect"]);
  });

  test("connects main and page with the two ends of one channel, on this origin only", async () => {
    const { exposed, sent, posted } = load();
    exposed["parley"]!["connect"]!("main");
    const [channel, message, [ours]] = sent[0] as [string, unknown, [MessagePort]];
    expect(channel).toBe(CONNECT_CHANNEL);
    const frame = { url: "app://bundle/index.html", parent: null };
    // The vm's objects have another Object.prototype; on the wire they are cloned anyway.
    expect(refusal({ frame, message: structuredClone(message), portCount: 1 })).toBeNull();
    const [note, origin, [theirs]] = posted[0] as [unknown, string, [MessagePort]];
    expect(note).toEqual({ type: "parley:port" });
    expect(origin).toBe("app://bundle");
    const heard = new Promise((resolve) => theirs.once("message", resolve));
    ours.postMessage("hello");
    expect(await heard).toBe("hello");
    ours.close();
  });

  test("what a page passes on is judged by main, not trusted", () => {
    const { exposed, sent } = load();
    exposed["parley"]!["connect"]!({ view: "root" });
    const [, message] = sent[0] as [string, unknown];
    const frame = { url: "app://bundle/index.html", parent: null };
    expect(refusal({ frame, message: structuredClone(message), portCount: 1 })).toBe(
      "the message is malformed",
    );
  });
});
