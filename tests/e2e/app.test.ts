import { describe, expect, test } from "vitest";
import { BrowserSession, chromiumPath } from "./browser-session.ts";
import {
  askByKey,
  expectFigures,
  expectHistory,
  expectOnlyAPage,
  flowQuestion,
  interruptAndAskAgain,
  untilReady,
  waitForPhase,
} from "./main-flow.ts";

/** The whole product: real host, real models, real Chromium with a microphone that plays a recording. */
describe.skipIf(chromiumPath === undefined)("the app in a browser", () => {
  test("R11 R12 R14 R16 R22 ask by holding the key, hear it, interrupt, ask again, look at the figures, reload", async () => {
    await using session = await BrowserSession.start({ question: flowQuestion });
    const page = await session.open("?tap=1");
    await untilReady(page);
    await expectOnlyAPage(page, []);
    await askByKey(page);
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

    await interruptAndAskAgain(page);
    await expectFigures(page);
    await expectHistory(page);
    expect(session.problems).toEqual([]);
  }, 150_000);

  test("R19 R22 a sample question on the first click, and the address works only once", async () => {
    await using session = await BrowserSession.start({ question: "01_hello" });
    const page = await session.open();
    await untilReady(page);
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

  // Built while the tests run, in whose NODE_ENV vite takes React's development build if nobody says otherwise.
  test("R14 R44 the page that people get is the fast build of React", async () => {
    await using session = await BrowserSession.start({ question: "01_hello" });
    const page = await session.open();
    const source = await page.locator("script[type=module]").getAttribute("src");
    const script = await page.request.get(new URL(source ?? "", page.url()).href);
    expect(script.ok()).toBe(true);
    expect(await script.text()).not.toContain("jsxDEV");
  });

  test("R62 without permission for the microphone it says so, and typing still works", async () => {
    await using session = await BrowserSession.start({ question: "01_hello", isMicrophoneAllowed: false });
    const page = await session.open();
    await untilReady(page);
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
