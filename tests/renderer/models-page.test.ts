import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { chromiumPath, PageHost } from "./page-host.ts";
import { scriptedModels, scriptedSnapshot } from "./scripted-data.ts";

const [half, downloading, ready, failed] = scriptedModels as [
  (typeof scriptedModels)[number],
  (typeof scriptedModels)[number],
  (typeof scriptedModels)[number],
  (typeof scriptedModels)[number],
];

describe.skipIf(chromiumPath === undefined)("the model library", () => {
  let host: PageHost;

  beforeAll(async () => {
    host = await PageHost.start();
  });
  afterAll(async () => {
    await host[Symbol.asyncDispose]();
  });
  afterEach(async () => {
    await host.reset();
  });

  const open = async (options: Parameters<PageHost["open"]>[0] = {}): Promise<Page> => {
    const page = await host.open({ hash: "#/models", reducedMotion: true, ...options });
    await page.locator("[data-model]").first().waitFor();
    return page;
  };
  const card = (page: Page, { id }: { id: string }) => page.locator(`[data-model="${id}"]`);
  const emit = (page: Page, event: string, value: unknown) =>
    page.evaluate(({ name, sent }) => window.scriptedMain?.emit(name, sent), { name: event, sent: value });
  /** The next call of this name. */
  const called = async (page: Page, name: string): Promise<unknown> => {
    await page.waitForFunction(
      (wanted) => window.scriptedMain?.log.some((call) => call.name === wanted),
      name,
    );
    return page.evaluate(
      (wanted) => window.scriptedMain?.log.findLast((call) => call.name === wanted)?.params,
      name,
    );
  };

  describe.each(["light", "dark"] as const)("%s", (theme) => {
    test.each([
      ["wide", {}],
      ["narrow", { width: 480, height: 720 }],
    ])("R26 %s is accessible in every state of a model", async (_, size) => {
      const page = await open({ theme, ...size });
      await emit(page, "model", { ...half, state: "checking", receivedBytes: 2e9 });
      await card(page, half).getByText("Checking every file").first().waitFor();
      const { violations } = await new AxeBuilder({ page }).analyze();
      expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
      expect(host.problems).toEqual([]);
    });
  });

  test("R20 every state says what it is and offers what helps", async () => {
    const page = await open();
    const absent = card(page, half);
    expect(await absent.textContent()).toMatch(/2\.7 GB to download.*5\.2 GB of memory.*Apache-2\.0/);
    await absent.getByRole("button", { name: "Download" }).click();
    expect(await called(page, "models.download")).toEqual({ id: half.id });

    const running = card(page, downloading);
    expect(await running.textContent()).toContain("1.2 GB of 3.0 GB · 24 MB/s · 1 min left");
    expect(await running.getByRole("progressbar").getAttribute("aria-valuenow")).toBe("40");
    await running.getByRole("button", { name: "Pause" }).click();
    expect(await called(page, "models.pause")).toEqual({ id: downloading.id });

    const stopped = card(page, failed);
    expect(await stopped.getByRole("alert").textContent()).toBe(failed.error?.message);
    await stopped.getByRole("button", { name: "Try again" }).click();
    expect(await called(page, "models.download")).toEqual({ id: failed.id });
    expect(host.problems).toEqual([]);
  });

  test("R20 what main says changes the card at once, from the download to its use", async () => {
    const page = await open();
    const { id } = downloading;
    await emit(page, "model", { ...downloading, state: "paused", bytesPerSecond: 0, leftMs: null });
    await card(page, downloading).getByRole("button", { name: "Resume" }).waitFor();
    await emit(page, "model", { ...downloading, state: "ready", receivedBytes: 3_030_000_000 });
    await card(page, downloading).getByRole("button", { name: "Use it" }).click();
    expect(await called(page, "settings.update")).toEqual({ models: { active: id } });
    await card(page, downloading).getByText("In use").waitFor();
    await card(page, ready).getByRole("button", { name: "Use it" }).click();
    await card(page, ready).getByText("In use").waitFor();
    expect(await page.evaluate(() => window.scriptedMain?.settings().models.active)).toBe(
      `${id}+${ready.id}`,
    );
    // Back to the demo for what answers; the voice stays.
    await page.getByRole("button", { name: "Use the demo" }).first().click();
    await card(page, downloading).getByRole("button", { name: "Use it" }).waitFor();
    expect(await page.evaluate(() => window.scriptedMain?.settings().models.active)).toBe(ready.id);
    expect(host.problems).toEqual([]);
  });

  test("R20 deleting asks first, by keyboard alone", async () => {
    const page = await open();
    await card(page, ready)
      .getByRole("button", { name: `More for ${ready.name}` })
      .focus();
    await page.keyboard.press("Enter");
    await page.getByRole("menuitem", { name: "Delete…" }).focus();
    await page.keyboard.press("Enter");
    const dialog = page.getByRole("alertdialog");
    expect(await dialog.textContent()).toContain("326 MB are removed");
    await dialog.getByRole("button", { name: "Delete" }).focus();
    await page.keyboard.press("Enter");
    expect(await called(page, "models.remove")).toEqual({ id: ready.id });
    expect(host.problems).toEqual([]);
  });

  test("R20 an import says at the field what is wrong with the folder", async () => {
    const page = await open();
    await page.evaluate(() =>
      window.scriptedMain?.refuse("models.import", "That folder has no config.json."),
    );
    await card(page, half)
      .getByRole("button", { name: `More for ${half.name}` })
      .click();
    await page.getByRole("menuitem", { name: "Import from a folder…" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("textbox", { name: "Folder" }).fill("/models/voxtral");
    await dialog.getByRole("button", { name: "Import" }).click();
    await dialog.getByRole("alert").waitFor();
    expect(await dialog.getByRole("alert").textContent()).toBe("That folder has no config.json.");
    await dialog.getByRole("textbox", { name: "Folder" }).fill("");
    await dialog.getByRole("button", { name: "Import" }).click();
    await dialog.waitFor({ state: "detached" });
    expect(await called(page, "models.import")).toEqual({ id: half.id });
  });

  test("R20 another repository is added by its name; a wrong one never leaves the page", async () => {
    const page = await open();
    const field = page.getByRole("textbox", { name: "Repository or folder" });
    await field.pressSequentially("voxtral");
    await page.getByRole("button", { name: "Add to the list" }).click();
    const alert = page.getByRole("region", { name: "Another model" }).getByRole("alert");
    expect(await alert.textContent()).toContain("owner/name");
    await field.fill("someone/Voxtral-ONNX");
    await page.evaluate(() => window.scriptedMain?.refuse("models.add", "There is no such repository."));
    await page.getByRole("button", { name: "Add to the list" }).click();
    await alert.getByText("There is no such repository.").waitFor();
    await page.getByRole("textbox", { name: "Precision" }).fill("q4");
    await page.getByRole("button", { name: "Add to the list" }).click();
    await page.waitForFunction(() => !document.querySelector('form [role="alert"]'));
    expect(await called(page, "models.add")).toEqual({ repo: "someone/Voxtral-ONNX", dtype: "q4" });
    expect(await field.inputValue()).toBe("");
    await page.getByRole("textbox", { name: "Precision" }).fill("");
    await field.fill("/srv/models/my voxtral");
    await page.getByRole("button", { name: "Add to the list" }).click();
    await page.waitForFunction(() => !document.querySelector("form input[value^='/srv']"));
    expect(await called(page, "models.add")).toEqual({ repo: "/srv/models/my voxtral" });
  });

  test("R19 the demo is called one, and leads from the conversation to the real models", async () => {
    const page = await host.open({ start: { isEmpty: true } });
    await page.getByRole("link", { name: "Get a real model" }).click();
    await page.locator("[data-model]").first().waitFor();
    expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe("Models");
    expect(await page.getByText("In use", { exact: true }).count()).toBe(2);
  });

  test("R21 what really runs, and for each other provider why not and the fix", async () => {
    const page = await open();
    const { engine } = scriptedSnapshot();
    const row = { graphs: [], loadMs: null, costs: {}, reason: null, fix: null };
    await emit(page, "engine", {
      ...engine,
      voxtral: {
        ...engine.voxtral,
        providers: { decoder_model_merged: "webgpu" },
        providerRows: [
          {
            ...row,
            provider: "webgpu",
            graphs: ["decoder_model_merged"],
            loadMs: 900,
            costs: { decoder_model_merged: { prefillMs: 40, stepMs: 11 } },
          },
          {
            ...row,
            provider: "cuda",
            reason: "CUDA libraries are not installed.",
            fix: "Run npm run setup:cuda.",
          },
        ],
      },
    });
    const region = page.getByRole("region", { name: "Answering" });
    await region.getByText("WebGPU", { exact: true }).first().waitFor();
    await region.getByRole("button", { name: "What else could run it" }).click();
    await region.getByText("CUDA libraries are not installed.").waitFor();
    await region.getByText("Run npm run setup:cuda.").waitFor();
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(violations.map(({ id }) => id)).toEqual([]);
  });
});
