import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { BrowserSession } from "../tests/e2e/browser-session.ts";
import { golden } from "../tests/support/nano.ts";

/**
 * Takes the pictures of the README: the real host, the demo pack answering, a Chromium whose microphone plays a recording.
 * `node tools/screenshots.ts`, with CHROMIUM_PATH where it is not found. The figures in them are those of this machine.
 */

const question = "04_three_plus_four";
/** Between the last word and the key's release: long enough to answer ahead in it. */
const pauseMs = 700;
const folder = fileURLToPath(new URL("../docs/images/", import.meta.url));

const waitForPhase = (page: Page, phase: string) =>
  page.waitForSelector(`button[data-talk][data-phase=${phase}]`, { timeout: 90_000 });

async function finished(page: Page): Promise<void> {
  await waitForPhase(page, "speaking");
  await waitForPhase(page, "idle");
}

/** Opened anew, the microphone begins the recording from its beginning. */
async function rewind(page: Page): Promise<void> {
  for (const state of ["muted", "on"]) {
    await page.keyboard.press("m");
    await page.getByRole("button", { name: `Microphone ${state}` }).waitFor();
  }
}

/** Asks aloud, with a pause before the key goes up, as people do. */
async function say(page: Page): Promise<void> {
  await rewind(page);
  await page.keyboard.down("Space");
  await waitForPhase(page, "listening");
  await page.waitForTimeout((golden(question).length / 16_000) * 1000 + pauseMs);
  await page.keyboard.up("Space");
  await finished(page);
}

async function ask(page: Page, text: string): Promise<void> {
  await page.getByRole("textbox", { name: "Type a question" }).fill(text);
  await page.keyboard.press("Enter");
}

async function picture(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: `${folder}${name}.png`, animations: "disabled" });
  console.log(`docs/images/${name}.png`);
}

interface Scrollable {
  scrollIntoView(isAtStart: boolean): void;
}
const scrollToStart = (element: Scrollable): void => element.scrollIntoView(true);
const scrollToEnd = (element: Scrollable): void => element.scrollIntoView(false);

await using session = await BrowserSession.start({ question, silenceMs: 6000 });
const page = await session.open();
await waitForPhase(page, "idle");
await page.getByRole("button", { name: "What is the capital of France?" }).click();
await finished(page);
await page.getByRole("button", { name: "Microphone off" }).click();
await page.getByRole("button", { name: "Microphone on" }).waitFor();
await page.locator("main").focus();
await ask(page, "tell me a story");
await page.getByRole("textbox", { name: "Type a question" }).blur();
await page.locator("mark").waitFor({ timeout: 90_000 });
// Some words into the story, so that it shows what was said and what is still to come.
await page.waitForTimeout(1800);
await picture(page, "conversation");
await waitForPhase(page, "idle");

for (let turn = 0; turn < 3; turn++) await say(page);
await ask(page, "how many legs does a spider have?");
await finished(page);
await page.setViewportSize({ width: 1280, height: 1080 });
await page.getByRole("link", { name: "Latency" }).click();
const ahead = page
  .getByRole("row")
  .filter({ hasText: /Ahead −/ })
  .first();
if ((await ahead.count()) > 0) await ahead.getByRole("button").click();
await page.getByRole("region", { name: "Selected turn" }).evaluate(scrollToEnd);
await picture(page, "latency");

await page.setViewportSize({ width: 1280, height: 800 });
await page.emulateMedia({ colorScheme: "dark" });
await page.getByRole("link", { name: "Settings" }).click();
await page.getByRole("button", { name: "Hands-free" }).click();
await page.getByRole("region", { name: "Turn-taking" }).evaluate(scrollToStart);
await rewind(page);
await page.locator("[data-voice]").waitFor();
await picture(page, "settings");
if (session.problems.length > 0) console.warn(session.problems);
