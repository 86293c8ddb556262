import { describe, expect, test } from "vitest";
import type { Page } from "playwright-core";
import { BrowserSession, chromiumPath } from "./browser-session.ts";

/** Hands-free through everything: a microphone that speaks and falls silent, the real listener, models and player. */
describe.skipIf(chromiumPath === undefined)("hands-free in a browser", () => {
  const waitForPhase = (page: Page, phase: string) =>
    page.waitForSelector(`button[data-talk][data-phase=${phase}]`, { timeout: 60_000 });

  test("R13 a question begins and ends by voice, is answered, and muting ends it all", async () => {
    await using session = await BrowserSession.start({ question: "04_three_plus_four", silenceMs: 12_000 });
    const page = await session.open("?tap=1");
    await waitForPhase(page, "idle");
    // A question typed first: the models are loaded when voice is heard.
    await page.getByRole("textbox", { name: "Type a question" }).fill("What is the capital of Japan?");
    await page.keyboard.press("Enter");
    await page.getByText("The capital of Japan is Tokyo.").first().waitFor({ timeout: 60_000 });
    await waitForPhase(page, "idle");

    await page.evaluate(() => {
      const seen: string[] = [];
      Object.assign(window, { seenWords: seen });
      new MutationObserver(() => {
        for (const { textContent } of document.querySelectorAll("[role=status] strong")) {
          if (textContent && seen.at(-1) !== textContent) seen.push(textContent);
        }
      }).observe(document.body, { subtree: true, childList: true, characterData: true });
    });
    await page.getByRole("button", { name: "Hands-free" }).click();
    await page.getByRole("button", { name: "Microphone on" }).waitFor();
    await waitForPhase(page, "speaking");
    await waitForPhase(page, "idle");
    const seen = (await page.evaluate(() => Reflect.get(window, "seenWords"))) as string[];
    const inOrder = ["Listening for you", "I hear you", "Done?", "Speaking"];
    expect(seen.filter((words) => inOrder.includes(words)).slice(0, 2)).toEqual(inOrder.slice(0, 2));
    expect(seen).toEqual(expect.arrayContaining(inOrder));
    const heard = await page.evaluate(() => {
      const turnId = window.parleyTap?.turns().at(-1) ?? "";
      const received = window.parleyTap?.received(turnId) ?? new Float32Array();
      const rendered = window.parleyTap?.rendered(turnId) ?? new Float32Array();
      return {
        samples: received.length,
        difference: received.findIndex((sample, index) => sample !== rendered[index]),
      };
    });
    expect(heard.samples).toBeGreaterThan(12_000);
    expect(heard.difference).toBe(-1);

    await page.keyboard.press("m");
    await page.getByText("Nothing is recorded").waitFor();
    await page.getByRole("link", { name: "Latency" }).click();
    const card = page.getByRole("region", { name: "Voice to sound" });
    await card.getByText("1", { exact: true }).waitFor();
    expect(session.problems).toEqual([]);
  }, 180_000);
});
