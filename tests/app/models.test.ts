import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { App } from "../../src/main/app/app.ts";
import { Hub } from "../../src/main/library/hub.ts";
import { FakeHub } from "../library/fake-hub.ts";
import { Page, startApp } from "../support/app-page.ts";

/** The demo pack's Voxtral, offered by a hub as somebody's repository. */
const pack = fileURLToPath(new URL("../../resources/models/nano/voxtral/", import.meta.url));
const repo = "somebody/tiny-voxtral";

let server: FakeHub;
let folder: string;
let app: App;
let page: Page;

beforeEach(async () => {
  server = await FakeHub.start(100_000);
  for (const file of readdirSync(pack, { recursive: true, encoding: "utf8" })) {
    if (!/\.(json|onnx)$/u.test(file)) continue;
    server.put(repo, file.replaceAll(path.sep, "/"), readFileSync(path.join(pack, file)));
  }
  folder = mkdtempSync(path.join(tmpdir(), "parley-models-"));
  ({ app } = startApp(folder, { hub: new Hub({ endpoint: server.endpoint }) }));
  ({ page } = await Page.open(app));
});
afterEach(async () => {
  await app.dispose();
  await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

describe("R20 models in the app", () => {
  test("the catalogue, with what this machine can hold", async () => {
    const { models, memoryBytes } = await page.client.call("models.list", {});
    expect(models.map(({ id }) => id)).toContain("voxtral-mini-3b-q4");
    for (const model of models) {
      expect(model).toMatchObject({ state: "absent", fitsMemory: model.memoryBytes <= memoryBytes });
    }
    expect(server.requests).toEqual([]);
  });

  test("picked, downloaded, talked to, and let go of: the app is usable all the while", async () => {
    const { id } = await page.client.call("models.add", { repo, dtype: "fp32" });
    server.fail("onnx/decoder_model_merged.onnx", { type: "stall", after: 3_000_000 });
    await page.client.call("models.download", { id });
    while (!server.isStalled) await new Promise(setImmediate);
    // The demo pack goes on answering.
    const { turnId } = await page.client.call("ask.text", { text: "Hello there" });
    await page.until("turn", (event) => event.type === "turn-finished" && event.turnId === turnId);
    await page.client.call("models.pause", { id });
    await page.until("model", (model) => model.id === id && model.state === "paused");
    await page.client.call("models.download", { id });
    const ready = await page.until("model", (model) => model.id === id && model.state === "ready");
    expect(ready).toMatchObject({ error: null, receivedBytes: ready.totalBytes });

    await page.client.call("settings.update", { patch: { models: { active: id } } });
    const engine = await page.until(
      "engine",
      ({ isDemo, voxtral, kokoro }) => !isDemo && voxtral.state === "ready" && kokoro.state === "ready",
    );
    expect(engine.voxtral.modelName).toBe("tiny-voxtral");
    const asked = await page.client.call("ask.text", { text: "Hello there" });
    const finished = await page.until(
      "turn",
      (event) => event.type === "turn-finished" && event.turnId === asked.turnId,
    );
    expect(finished).toMatchObject({ outcome: "completed" });

    await page.client.call("models.remove", { id });
    await page.until("settings", ({ models }) => models.active === "nano");
    await page.until("engine", ({ isDemo, voxtral }) => isDemo && voxtral.state === "ready");
    expect(readdirSync(path.join(folder, "models", "somebody"))).toEqual([]);
  }, 120_000);

  test("a folder of this machine is taken over at once; a path that is not whole is no folder", async () => {
    const { id } = await page.client.call("models.add", { repo: path.resolve(pack) });
    const ready = await page.until("model", (model) => model.id === id && model.state === "ready");
    expect(ready).toMatchObject({ kind: "voxtral", error: null, note: "From a folder of yours." });
    expect(server.requests).toEqual([]);
    await expect(page.client.call("models.verify", { id })).rejects.toThrow("no other copy");
    await expect(page.client.call("models.add", { repo: path.dirname(pack) })).rejects.toThrow("neither");
    await page.client.call("models.remove", { id });
  });

  test("what goes wrong is told in a sentence, and a wrong name harms nothing", async () => {
    server.token = "needed";
    await page.client.call("models.download", { id: "kokoro-82m-q8" });
    const failed = await page.until("model", (model) => model.state === "failed");
    expect(failed.error?.message).toContain("HF_TOKEN");
    await expect(page.client.call("models.download", { id: "nonsense" })).rejects.toThrow(
      "There is no model",
    );
    await expect(page.client.call("models.add", { repo: "../../etc" })).rejects.toThrow();
    await expect(
      page.client.call("models.import", { id: "kokoro-82m-q8", folder: "/nowhere" }),
    ).rejects.toThrow("is not a complete");
  });
});
