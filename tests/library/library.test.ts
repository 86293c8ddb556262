import { randomBytes } from "node:crypto";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { CatalogueModel } from "../../src/main/library/catalogue.ts";
import { folderModel } from "../../src/main/library/custom-model.ts";
import { Hub } from "../../src/main/library/hub.ts";
import { hubCacheFolder } from "../../src/main/library/import.ts";
import { ModelLibrary, type ModelEntry } from "../../src/main/library/library.ts";
import { systemClock } from "../../src/shared/clock.ts";
import { AppError } from "../../src/shared/errors.ts";
import { FakeHub } from "./fake-hub.ts";

const files: Readonly<Record<string, Buffer>> = {
  "config.json": Buffer.from('{"model_type":"test"}'),
  "onnx/model.onnx": randomBytes(50_000),
  "onnx/model.onnx_data": randomBytes(400_000),
  "onnx/model_q4.onnx": randomBytes(20_000),
};
const common = {
  kind: "voxtral",
  name: "Test",
  note: "",
  repo: "owner/model",
  revision: "main",
  licence: "Apache-2.0",
  memoryBytes: 0,
  fits: ["cpu"],
} as const;
const full: CatalogueModel = {
  ...common,
  id: "full",
  dtype: "fp32",
  files: [
    { path: "config.json", bytes: null },
    { path: "onnx/model.onnx", bytes: 50_000 },
    { path: "onnx/model.onnx_data", bytes: 400_000 },
  ],
};
const small: CatalogueModel = {
  ...common,
  id: "small",
  dtype: "q4",
  files: [
    { path: "config.json", bytes: null },
    { path: "onnx/model_q4.onnx", bytes: 20_000 },
  ],
};

let server: FakeHub;
let root: string;
let seen: ModelEntry[];
let free: number;
const opened: ModelLibrary[] = [];

beforeEach(async () => {
  server = await FakeHub.start();
  for (const [file, content] of Object.entries(files)) server.put("owner/model", file, content);
  root = mkdtempSync(path.join(tmpdir(), "parley-library-"));
  seen = [];
  free = 1e12;
});
afterEach(async () => {
  for (const library of opened.splice(0)) await library[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  rmSync(root, { recursive: true });
});

function openLibrary(): ModelLibrary {
  const library = ModelLibrary.open({
    root,
    hub: new Hub({ endpoint: server.endpoint }),
    clock: systemClock,
    freeBytes: () => Promise.resolve(free),
    catalogue: [full, small],
    onChange: (entry) => seen.push(entry),
  });
  opened.push(library);
  return library;
}

async function downloaded(library: ModelLibrary, id: string): Promise<ModelEntry> {
  library.download(id);
  await library.whenIdle(id);
  return library.entry(id);
}

const at = (...names: string[]): string => path.join(root, "owner", "model", ...names);
const failure = (running: Promise<unknown>): Promise<AppError> =>
  running.then(
    () => Promise.reject(new Error("It did not fail.")),
    (error: unknown) => AppError.from(error),
  );
/** Until the library tells of an entry like this. */
async function told(matches: (entry: ModelEntry) => boolean): Promise<void> {
  while (!seen.some(matches)) await new Promise(setImmediate);
}

describe("R20 downloading a model", () => {
  test("every file arrives where transformers.js looks for it, with its digest noted", async () => {
    const library = openLibrary();
    expect(library.entry("full").state).toBe("absent");
    const entry = await downloaded(library, "full");
    expect(entry).toMatchObject({ state: "ready", error: null, receivedBytes: entry.totalBytes });
    for (const { path: file } of full.files) expect(readFileSync(at(file))).toEqual(files[file]);
    const { AutoConfig } = await import("@huggingface/transformers");
    const config = await AutoConfig.from_pretrained("owner/model", {
      cache_dir: root,
      local_files_only: true,
    });
    expect(config.model_type).toBe("test");
    expect(seen.map(({ state }) => state)).toContain("downloading");
  });

  test("all files come from the commit of the first, and none twice", async () => {
    const library = openLibrary();
    await downloaded(library, "full");
    const contents = server.requests.filter(({ sent }) => sent > 0);
    expect(contents.every(({ path: asked }) => asked.includes(server.commit))).toBe(true);
    const { length } = server.requests;
    await downloaded(library, "full");
    expect(server.requests).toHaveLength(length);
    await downloaded(openLibrary(), "full");
    expect(server.requests).toHaveLength(length);
  });

  test("a second model of the repository takes what is there, even at the same time", async () => {
    const library = openLibrary();
    library.download("full");
    library.download("small");
    await Promise.all([library.whenIdle("full"), library.whenIdle("small")]);
    expect(library.list().map(({ state }) => state)).toEqual(["ready", "ready"]);
    expect(server.sentBytes("config.json")).toBe(files["config.json"]!.length);
  });

  test("files copied there by hand are checked and kept", async () => {
    mkdirSync(at("onnx"), { recursive: true });
    writeFileSync(at("onnx", "model.onnx_data"), files["onnx/model.onnx_data"]!);
    writeFileSync(at("onnx", "model.onnx"), randomBytes(50_000));
    const entry = await downloaded(openLibrary(), "full");
    expect(entry.state).toBe("ready");
    expect(server.sentBytes("model.onnx_data")).toBe(0);
    expect(readFileSync(at("onnx", "model.onnx"))).toEqual(files["onnx/model.onnx"]);
  });

  test("paused, it keeps what is here and goes on from there", async () => {
    server.fail("onnx/model.onnx_data", { type: "stall", after: 250_000 });
    const library = openLibrary();
    library.download("full");
    while (!server.isStalled) await new Promise(setImmediate);
    await library.pause("full");
    expect(library.entry("full").state).toBe("paused");
    const part = readdirSync(at("onnx")).find((name) => /^model.onnx_data.*part$/u.test(name))!;
    const kept = statSync(at("onnx", part)).size;
    expect((await downloaded(library, "full")).state).toBe("ready");
    expect(server.sentBytes("model.onnx_data")).toBe(250_000 + 400_000 - kept);
  });

  test("cancelled, nothing is left", async () => {
    server.fail("onnx/model.onnx_data", { type: "stall", after: 250_000 });
    const library = openLibrary();
    library.download("full");
    while (!server.isStalled) await new Promise(setImmediate);
    await library.cancel("full");
    expect(library.entry("full")).toMatchObject({ state: "absent", receivedBytes: 0 });
    expect(readdirSync(path.join(root, "owner"))).toEqual([]);
  });

  test("R8 a download that ran when Parley ended goes on by itself; a paused one waits", async () => {
    server.fail("onnx/model.onnx_data", { type: "stall", after: 250_000 });
    const first = openLibrary();
    first.download("full");
    while (!server.isStalled) await new Promise(setImmediate);
    await first[Symbol.asyncDispose]();
    const second = openLibrary();
    await second.whenIdle("full");
    expect(second.entry("full").state).toBe("ready");

    await second.remove("full");
    server.fail("onnx/model.onnx_data", { type: "stall", after: 250_000 });
    second.download("full");
    while (!server.isStalled) await new Promise(setImmediate);
    await second.pause("full");
    const third = openLibrary();
    expect(third.entry("full").state).toBe("paused");
  });

  test("a failure says why, and the next attempt mends it", async () => {
    server.fail("onnx/model.onnx", { type: "status", status: 403 });
    const library = openLibrary();
    expect(await downloaded(library, "full")).toMatchObject({
      state: "failed",
      error: { code: "access-denied" },
    });
    expect((await downloaded(library, "full")).state).toBe("ready");
  });

  test("R62 no room for all of it: refused before the first byte", async () => {
    free = 100_000;
    const library = openLibrary();
    const entry = await downloaded(library, "full");
    expect(entry.error).toMatchObject({ code: "disk-full" });
    expect(server.requests.every(({ sent }) => sent === 0)).toBe(true);
    free = 1e12;
    expect((await downloaded(library, "full")).state).toBe("ready");
  });
});

describe("R20 what is here", () => {
  test("checking finds a damaged file, and only that one is fetched again", async () => {
    const library = openLibrary();
    await downloaded(library, "full");
    const damaged = readFileSync(at("onnx", "model.onnx_data"));
    damaged[1234]! ^= 1;
    writeFileSync(at("onnx", "model.onnx_data"), damaged);
    library.verify("full");
    await library.whenIdle("full");
    const { error, state } = library.entry("full");
    expect({ state, code: error?.code }).toEqual({ state: "failed", code: "model-corrupt" });
    expect(error?.message).toContain("model.onnx_data");
    const before = server.sentBytes("model.onnx");
    expect((await downloaded(library, "full")).state).toBe("ready");
    expect(server.sentBytes("model.onnx")).toBe(before);
    library.verify("full");
    await library.whenIdle("full");
    expect(library.entry("full").state).toBe("ready");
  });

  test("deleting one model leaves what another needs", async () => {
    const library = openLibrary();
    await downloaded(library, "full");
    await downloaded(library, "small");
    await library.remove("full");
    expect(library.list().map(({ state }) => state)).toEqual(["absent", "ready"]);
    await library.remove("small");
    expect(readdirSync(path.join(root, "owner"))).toEqual([]);
  });

  test("a file that changed or went away is noticed", async () => {
    const library = openLibrary();
    await downloaded(library, "full");
    rmSync(at("onnx", "model.onnx"));
    expect(library.entry("full").state).toBe("absent");
    expect((await downloaded(library, "full")).state).toBe("ready");
    writeFileSync(at(".parley.json"), "not json {");
    const before = server.requests.reduce((sum, { sent }) => sum + sent, 0);
    expect((await downloaded(library, "full")).state).toBe("ready");
    expect(server.requests.reduce((sum, { sent }) => sum + sent, 0)).toBe(before);
  });
});

describe("R20 taking over", () => {
  const elsewhere = (): string => {
    const folder = path.join(root, "elsewhere");
    for (const [file, content] of Object.entries(files)) {
      mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
      writeFileSync(path.join(folder, file), content);
    }
    return folder;
  };

  test("a folder, as hard links that cost nothing", async () => {
    const library = openLibrary();
    const source = elsewhere();
    await library.import("full", source);
    expect(library.entry("full").state).toBe("ready");
    expect(statSync(at("onnx", "model.onnx_data")).ino).toBe(
      statSync(path.join(source, "onnx/model.onnx_data")).ino,
    );
    expect(server.requests).toEqual([]);
    // The person's own files outlive ours.
    await library.remove("full");
    expect(readFileSync(path.join(source, "onnx/model.onnx"))).toEqual(files["onnx/model.onnx"]);
  });

  test("the Hugging Face cache, whose files are links into its blobs", async () => {
    const blobs = elsewhere();
    const snapshot = path.join(root, "hub", "models--owner--model", "snapshots", "abc");
    for (const file of Object.keys(files)) {
      mkdirSync(path.dirname(path.join(snapshot, file)), { recursive: true });
      symlinkSync(path.join(blobs, file), path.join(snapshot, file));
    }
    const library = openLibrary();
    await library.import("small", path.join(root, "hub"));
    expect(library.entry("small").state).toBe("ready");
    expect(readFileSync(at("onnx", "model_q4.onnx"))).toEqual(files["onnx/model_q4.onnx"]);
  });

  test("what is missing is named, and nothing is taken", async () => {
    const source = elsewhere();
    rmSync(path.join(source, "onnx/model.onnx_data"));
    writeFileSync(path.join(source, "onnx/model.onnx"), "too short");
    const library = openLibrary();
    const error = await failure(library.import("full", source));
    expect(error.code).toBe("model-missing");
    expect(error.message).toContain("onnx/model.onnx, onnx/model.onnx_data are missing");
    expect(library.entry("full").state).toBe("absent");
  });

  test("an import is checked against the hub like everything else", async () => {
    const source = elsewhere();
    cpSync(path.join(source, "onnx/model.onnx_data"), path.join(source, "onnx/copy"));
    writeFileSync(path.join(source, "onnx/model.onnx_data"), randomBytes(400_000));
    const library = openLibrary();
    await library.import("full", source);
    library.verify("full");
    await library.whenIdle("full");
    expect(library.entry("full").error?.code).toBe("model-corrupt");
  });

  test.each([
    [{}, "/home/me/.cache/huggingface/hub"],
    [{ HF_HOME: "/data/hf" }, "/data/hf/hub"],
    [{ HF_HUB_CACHE: "/fast/hub", HF_HOME: "/data/hf" }, "/fast/hub"],
  ])("where that cache is: %o", (env, expected) => {
    expect(hubCacheFolder(env, "/home/me")).toBe(path.normalize(expected));
  });
});

describe("R20 the person's own models", () => {
  test("any repository with the same files, remembered", async () => {
    const library = openLibrary();
    await library.add({ ...small, id: "mine", name: "Mine" });
    const again = openLibrary();
    expect((await downloaded(again, "mine")).state).toBe("ready");
  });

  test("a folder of this machine, as any layout of the hub's files", async () => {
    const given = path.join(root, "given", "my voxtral");
    const stems = ["decoder_model_merged", "audio_encoder", "embed_tokens"];
    mkdirSync(path.join(given, "onnx"), { recursive: true });
    writeFileSync(path.join(given, "config.json"), "{}");
    writeFileSync(path.join(given, "notes.txt"), "mine");
    for (const stem of stems) writeFileSync(path.join(given, "onnx", `${stem}_q4.onnx`), stem);
    writeFileSync(path.join(given, "onnx", "decoder_model_merged_q4.onnx_data_1"), "weights");
    const model = await folderModel(given);
    expect(model).toMatchObject({ kind: "voxtral", dtype: "q4", name: "my voxtral · q4", folder: given });

    const library = openLibrary();
    await library.add(model);
    expect(await downloaded(library, model.id)).toMatchObject({ state: "ready", error: null });
    expect(server.requests).toEqual([]);
    const target = library.folderOf(model.id);
    expect(readdirSync(target).toSorted()).toEqual([".parley.json", "config.json", "onnx"]);
    expect(readdirSync(path.join(target, "onnx"))).toHaveLength(4);
    // A link costs nothing.
    const inode = (folder: string): number => statSync(path.join(folder, "config.json")).ino;
    expect(inode(target)).toBe(inode(given));
    expect(openLibrary().entry(model.id).state).toBe("ready");

    expect(() => library.verify(model.id)).toThrow("there is no other copy");
    await library.remove(model.id);
    expect(readFileSync(path.join(given, "config.json"), "utf8")).toBe("{}");

    rmSync(path.join(given, "onnx", "embed_tokens_q4.onnx"));
    expect(await downloaded(library, model.id)).toMatchObject({
      state: "failed",
      error: { code: "model-missing", message: expect.stringContaining("embed_tokens_q4.onnx") },
    });
  });

  test("two folders of one name are two models; one that is no model is refused", async () => {
    const folders = ["a", "b"].map((name) => path.join(root, name, "kokoro"));
    for (const folder of folders) {
      mkdirSync(path.join(folder, "onnx"), { recursive: true });
      writeFileSync(path.join(folder, "onnx", "model_quantized.onnx"), "");
    }
    const [one, two] = await Promise.all(folders.map((folder) => folderModel(folder)));
    expect(one).toMatchObject({ kind: "kokoro", dtype: "q8" });
    expect(one!.id).not.toBe(two!.id);
    await expect(folderModel(folders[0]!, "q4")).rejects.toMatchObject({
      code: "bad-input",
      message: expect.stringContaining("It has: q8."),
    });
    await expect(folderModel(root)).rejects.toMatchObject({ code: "model-wrong" });
    await expect(folderModel(path.join(root, "nowhere"))).rejects.toMatchObject({ code: "file-unreadable" });
  });

  test.each(["../../../etc/passwd", "/etc/passwd", "onnx/../../x", "a\\..\\b"])(
    "R61 never with a file outside its folder: %s",
    async (file) => {
      const library = openLibrary();
      await expect(
        library.add({ ...small, id: "evil", files: [{ path: file, bytes: null }] }),
      ).rejects.toThrow();
      expect(library.models.map(({ id }) => id)).not.toContain("evil");
    },
  );

  test("an id is taken once, and an unknown one is named", async () => {
    const library = openLibrary();
    await expect(library.add(small)).rejects.toThrow("already");
    expect(() => library.download("nonsense")).toThrow(
      "There is no model named nonsense. Known: full, small.",
    );
  });

  test("progress never runs backwards without a reason, and ends at the total", async () => {
    server.fail("onnx/model.onnx_data", { type: "cut", after: 100_000 });
    const library = openLibrary();
    await downloaded(library, "full");
    await told(({ state }) => state === "ready");
    const last = seen.at(-1)!;
    expect(last.receivedBytes).toBe(last.totalBytes);
  });
});
