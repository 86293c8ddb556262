import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { FakeHub } from "../library/fake-hub.ts";
import { BrowserSession, chromiumPath } from "./browser-session.ts";

const pack = fileURLToPath(new URL("../../resources/models/nano/voxtral/", import.meta.url));
const repo = "somebody/tiny-voxtral";

/** The demo pack's Voxtral, offered by a hub as somebody's repository. */
async function startHub(): Promise<FakeHub> {
  const hub = await FakeHub.start(100_000);
  for (const file of readdirSync(pack, { recursive: true, encoding: "utf8" })) {
    if (!/\.(json|onnx)$/u.test(file)) continue;
    hub.put(repo, file.replaceAll(path.sep, "/"), readFileSync(path.join(pack, file)));
  }
  return hub;
}

describe.skipIf(chromiumPath === undefined)("the model library in a browser", () => {
  test("R20 found, downloaded over a reload of the page, used, talked to, and deleted", async () => {
    await using hub = await startHub();
    await using session = await BrowserSession.start({
      question: "04_three_plus_four",
      env: { HF_ENDPOINT: hub.endpoint },
    });
    const page = await session.open();
    await page.getByRole("link", { name: "Get a real model" }).click();
    await page.getByRole("textbox", { name: "Repository or folder" }).fill(repo);
    await page.getByRole("textbox", { name: "Precision" }).fill("fp32");
    await page.getByRole("button", { name: "Add to the list" }).click();
    const card = page.locator("[data-model]", { hasText: repo });
    hub.fail("onnx/decoder_model_merged.onnx", { type: "stall", after: 3_000_000 });
    await card.getByRole("button", { name: "Download" }).click();
    await card.getByRole("progressbar").waitFor();

    await page.reload();
    await card.getByRole("button", { name: "Pause" }).click();
    await card.getByRole("button", { name: "Resume" }).click();
    await card.getByRole("button", { name: "Use it" }).click({ timeout: 60_000 });
    await card.getByText("In use").waitFor();
    await page.getByText("Demo models").waitFor({ state: "detached", timeout: 60_000 });

    await page.getByRole("link", { name: "Conversation" }).click();
    await page.getByRole("textbox", { name: "Type a question" }).fill("What is the capital of Japan?");
    await page.keyboard.press("Enter");
    await page.getByText("The capital of Japan is Tokyo.").first().waitFor({ timeout: 60_000 });

    await page.getByRole("link", { name: "Models" }).click();
    await card.getByRole("button", { name: /^More for/u }).click();
    await page.getByRole("menuitem", { name: "Delete…" }).click();
    await page.getByRole("alertdialog").getByRole("button", { name: "Delete" }).click();
    await card.getByRole("button", { name: "Download" }).waitFor();
    await page.getByText("Demo models").waitFor({ timeout: 60_000 });
    expect(session.problems).toEqual([]);
  }, 240_000);
});
