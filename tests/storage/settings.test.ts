import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { defaultSettings } from "../../src/shared/settings.ts";
import { opened, temporaryFolder } from "./support.ts";

function withFile(content: string): { folder: string; file: string } {
  const folder = temporaryFolder();
  const file = path.join(folder, "settings.json");
  writeFileSync(file, content);
  return { folder, file };
}

test("R18 a first start has the defaults, says nothing, and keeps a change", async () => {
  const folder = temporaryFolder();
  const first = opened(folder);
  expect(first.storage.settings.current).toEqual(defaultSettings());
  expect(first.notices).toEqual([]);
  first.storage.settings.update({ voice: { id: "bm_george" }, audio: { volume: 0.5 } });
  first.storage.settings.update({ voice: { speed: 1.2 } });
  await first.storage[Symbol.asyncDispose]();
  const { current } = opened(folder).storage.settings;
  expect(current.voice).toEqual({ ...defaultSettings().voice, id: "bm_george", speed: 1.2 });
  expect(current.audio.volume).toBe(0.5);
  expect(readdirSync(folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
});

test("R18 a change outside its range is refused, names the field and changes nothing", () => {
  const { settings } = opened(null).storage;
  expect(() => settings.update({ voice: { speed: 9 } })).toThrow(
    expect.objectContaining({ code: "bad-input", message: expect.stringContaining("voice.speed") }),
  );
  expect(settings.current).toEqual(defaultSettings());
});

test("R18 one wrong field falls back alone", () => {
  const { folder } = withFile(
    JSON.stringify({
      version: 1,
      voice: { id: "am_puck", speed: "fast" },
      audio: 7,
      pushToTalk: { tapMs: 300 },
    }),
  );
  const { storage, notices } = opened(folder);
  const { current } = storage.settings;
  expect(current.voice).toEqual({ ...defaultSettings().voice, id: "am_puck" });
  expect(current.audio).toEqual(defaultSettings().audio);
  expect(current.pushToTalk.tapMs).toBe(300);
  expect(notices).toHaveLength(1);
  expect(notices[0]?.message).toMatch(/voice\.speed.*audio|audio.*voice\.speed/);
});

test.for(["", "{", "null", "[]", "42", "\u0000\u0001", '"text"'])(
  "R18 R62 unreadable settings (%j) are kept aside and the defaults hold",
  async (content) => {
    const { folder } = withFile(content);
    const { storage, notices } = opened(folder);
    expect(storage.settings.current).toEqual(defaultSettings());
    const aside = readdirSync(folder).find((name) => name.startsWith("settings.json.corrupt-"));
    expect(readFileSync(path.join(folder, aside!), "utf8")).toBe(content);
    expect(notices[0]?.message).toContain(aside);
  },
);

test("R18 settings of a newer version are kept as a copy and understood as far as possible", () => {
  const { folder } = withFile(
    JSON.stringify({ version: 99, voice: { id: "am_puck" }, telepathy: { on: true } }),
  );
  const { storage, notices } = opened(folder);
  expect(storage.settings.current.voice.id).toBe("am_puck");
  expect(readdirSync(folder).some((name) => name.startsWith("settings.json.newer-"))).toBe(true);
  expect(notices[0]?.message).toContain("newer Parley");
});

test("R18 settings without a version are read as the first one", () => {
  const { folder } = withFile(JSON.stringify({ voice: { id: "am_puck" } }));
  const { storage, notices } = opened(folder);
  expect(storage.settings.current).toMatchObject({ version: 1, voice: { id: "am_puck" } });
  expect(notices).toEqual([]);
});

test("R62 settings that cannot be written hold until the end, with one sentence", async () => {
  const folder = temporaryFolder();
  mkdirSync(path.join(folder, "settings.json"));
  const { storage, notices } = opened(folder);
  notices.length = 0;
  for (const speed of [1.1, 1.2, 1.3]) {
    storage.settings.update({ voice: { speed } });
    await storage.settings.flush();
  }
  expect(storage.settings.current.voice.speed).toBe(1.3);
  expect(notices).toEqual([expect.objectContaining({ level: "error", code: "file-unwritable" })]);
  expect(readdirSync(folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
});
