import { describe, expect, test } from "vitest";
import type { Page } from "playwright-core";
import { golden } from "../support/nano.ts";
import { BrowserSession, chromiumPath } from "./browser-session.ts";

/** The whole product: real host, real models, real Chromium with a microphone that plays a recording. */
describe.skipIf(chromiumPath === undefined)("the app in a browser", () => {
  const waitForPhase = (page: Page, phase: string) =>
    page.waitForSelector(`button[data-talk][data-phase=${phase}]`, { timeout: 45_000 });
  const ready = async (page: Page) => {
    // The models load while the page is already there; a question asked before is answered when they are.
    await waitForPhase(page, "idle");
  };

  test("R11 R12 R14 R16 R22 ask by holding the key, hear it, interrupt, ask again, look at the figures, reload", async () => {
    const question = "04_three_plus_four";
    await using session = await BrowserSession.start({ question });
    const page = await session.open("?tap=1");
    await ready(page);
    await page.getByRole("button", { name: "Microphone off" }).click();
    await page.getByRole("button", { name: "Microphone on" }).waitFor();
    // Space on a focused button is that button's; talking is for everywhere else.
    await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());

    await page.keyboard.down("Space");
    await waitForPhase(page, "listening");
    // The fake microphone speaks in real time: the question, and the silence after it once.
    await page.waitForTimeout((golden(question).length / 16_000) * 1000 + 1_100);
    await page.keyboard.up("Space");
    await waitForPhase(page, "speaking");
    await page.getByLabel("Latency of this turn").waitFor();
    await waitForPhase(page, "idle");
    const heard = await page.evaluate(() => {
      const [turnId = ""] = window.parleyTap?.turns() ?? [];
      const received = window.parleyTap?.received(turnId) ?? new Float32Array();
      const rendered = window.parleyTap?.rendered(turnId) ?? new Float32Array();
      return {
        samples: received.length,
        peak: received.reduce((peak, sample) => Math.max(peak, Math.abs(sample)), 0),
        difference: received.findIndex((sample, index) => sample !== rendered[index]),
      };
    });
    expect(heard.samples).toBeGreaterThan(24_000);
    expect(heard.peak).toBeGreaterThan(0.1);
    // Sample for sample what the models made: no gap, no underrun.
    expect(heard.difference).toBe(-1);

    await page.getByRole("textbox", { name: /question/i }).fill("tell me a story");
    await page.keyboard.press("Enter");
    await page.waitForSelector("mark");
    await page.getByRole("textbox", { name: /question/i }).blur();
    await page.keyboard.down("Space");
    await waitForPhase(page, "listening");
    await page.getByText("Interrupted").waitFor();
    await page.waitForTimeout(500);
    await page.keyboard.up("Space");
    await waitForPhase(page, "idle");

    await page.getByRole("link", { name: "Latency" }).click();
    await page.getByRole("heading", { name: "Key to sound" }).waitFor();
    // One row a turn, and the heading of the table.
    expect(await page.getByRole("row").count()).toBeGreaterThanOrEqual(3);
    const turns = page.getByLabel("Conversations").getByRole("listitem");
    expect(await turns.count()).toBe(1);

    await page.getByRole("link", { name: "Conversation", exact: true }).click();
    const before = await page.getByLabel("Conversation", { exact: true }).getByRole("listitem").count();
    expect(before).toBe(3);
    await page.reload();
    await page.waitForSelector("main");
    const after = page.getByLabel("Conversation", { exact: true }).getByRole("listitem");
    await after.nth(2).waitFor();
    expect(await after.count()).toBe(3);
    expect(session.problems).toEqual([]);
  }, 150_000);

  test("R19 R22 a sample question on the first click, and the address works only once", async () => {
    await using session = await BrowserSession.start({ question: "01_hello" });
    const page = await session.open();
    await ready(page);
    await page.getByRole("button", { name: "What is the capital of France?" }).click();
    await page.getByText("The capital of France is Paris.").first().waitFor({ timeout: 45_000 });
    await waitForPhase(page, "idle");
    expect(session.problems).toEqual([]);

    const stranger = await session.context.browser()!.newContext();
    const other = await stranger.newPage();
    await other.goto(session.address);
    await other.getByText(/open the address it prints/).waitFor();
    await stranger.close();
  }, 120_000);

  test("R62 without permission for the microphone it says so, and typing still works", async () => {
    await using session = await BrowserSession.start({ question: "01_hello", isMicrophoneAllowed: false });
    const page = await session.open();
    await ready(page);
    await page.getByRole("button", { name: "Microphone off" }).click();
    await page
      .getByText(/permission|allow|blocked|denied/i)
      .first()
      .waitFor();
    await page.getByRole("textbox", { name: /question/i }).fill("What is the capital of Japan?");
    await page.keyboard.press("Enter");
    await page.getByText("The capital of Japan is Tokyo.").first().waitFor({ timeout: 45_000 });
  }, 120_000);
});
