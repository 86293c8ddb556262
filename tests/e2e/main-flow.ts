import type { Page } from "playwright-core";
import { expect } from "vitest";
import { golden } from "../support/nano.ts";

/** What every host of the app has to pass, step by step; the tests of the hosts put the steps together. */

/** What the fake microphone says in the flow. */
export const flowQuestion = "04_three_plus_four";
const RATE_HZ = 16_000;
/** The fake microphone's silence after the question, and a little more. */
const AFTER_QUESTION_MS = 1_100;

export function waitForPhase(page: Page, phase: string) {
  return page.waitForSelector(`button[data-talk][data-phase=${phase}]`, { timeout: 45_000 });
}

/** The models load while the page is already there. */
export async function untilReady(page: Page): Promise<void> {
  await waitForPhase(page, "idle");
}

/** Nothing of Node or of Electron is in the page's reach; `bridge` are the functions that a preload adds. */
export async function expectOnlyAPage(page: Page, bridge: readonly string[]): Promise<void> {
  const found = await page.evaluate(() => ({
    reach: ["require", "process", "module", "Buffer", "electron", "ipcRenderer"].filter(
      (name) => name in globalThis,
    ),
    bridge: Object.keys(window.parley ?? {}),
  }));
  expect(found).toEqual({ reach: [], bridge });
}

/** Asks `flowQuestion` by holding the key, and waits until the answer was spoken. */
export async function askByKey(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Microphone off" }).click();
  await page.getByRole("button", { name: "Microphone on" }).waitFor();
  // Space on a focused button is that button's; talking is for everywhere else.
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  await page.keyboard.down("Space");
  await waitForPhase(page, "listening");
  // The fake microphone speaks in real time: the question, and the silence after it once.
  await page.waitForTimeout((golden(flowQuestion).length / RATE_HZ) * 1000 + AFTER_QUESTION_MS);
  await page.keyboard.up("Space");
  // Not the phase "speaking": a short answer may be over before a slow machine draws it.
  await page.getByLabel("Latency of this turn").waitFor({ timeout: 45_000 });
  await waitForPhase(page, "idle");
}

/** Types a question whose answer is long, presses the key while it is spoken, and asks again. */
export async function interruptAndAskAgain(page: Page): Promise<void> {
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
}

/** The dashboard shows the turns; the conversation is one. */
export async function expectFigures(page: Page): Promise<void> {
  await page.getByRole("link", { name: "Latency" }).click();
  await page.getByRole("heading", { name: "Key to sound" }).waitFor();
  // One row a turn, and the heading of the table.
  await expect.poll(() => page.getByRole("row").count()).toBeGreaterThanOrEqual(3);
  expect(await page.getByLabel("Conversations").getByRole("listitem").count()).toBe(1);
  await page.getByRole("link", { name: "Conversation", exact: true }).click();
}

/** The three turns are there, and there again after the page was loaded anew. */
export async function expectHistory(page: Page): Promise<void> {
  const turns = page.getByLabel("Conversation", { exact: true }).getByRole("listitem");
  expect(await turns.count()).toBe(3);
  await page.reload();
  await page.waitForSelector("main");
  await turns.nth(2).waitFor();
  expect(await turns.count()).toBe(3);
}
