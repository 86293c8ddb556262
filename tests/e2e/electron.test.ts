import { describe, expect, test } from "vitest";
import { MIN_HEIGHT, MIN_WIDTH } from "../../src/main/electron/window-options.ts";
import { ElectronSession, obstacle } from "./electron-session.ts";
import {
  askByKey,
  expectFigures,
  expectHistory,
  expectOnlyAPage,
  flowQuestion,
  interruptAndAskAgain,
  untilReady,
} from "./main-flow.ts";

/** The whole product inside Electron: the steps of the browser's test, and what only Electron has. */
describe.skipIf(obstacle !== null)("the desktop app", () => {
  test("R10 R11 R12 R14 R16 ask by holding the key, interrupt, ask again, look at the figures, reload", async () => {
    await using session = await ElectronSession.start(flowQuestion);
    const { page } = session;
    expect(page.url()).toBe("app://bundle/index.html");
    await untilReady(page);
    await expectOnlyAPage(page, ["connect"]);
    await askByKey(page);
    await interruptAndAskAgain(page);
    await expectFigures(page);
    await expectHistory(page);
    expect(session.problems).toEqual([]);
  }, 240_000);

  test("R61 its window has the options it was given, stays where it is and opens no other", async () => {
    await using session = await ElectronSession.start(flowQuestion);
    const { app, page } = session;
    const windows = await app.evaluate(({ BrowserWindow }) =>
      BrowserWindow.getAllWindows().map((window) => ({
        type: window.webContents.getType(),
        minimum: window.getMinimumSize(),
        hidesMenu: window.isMenuBarAutoHide(),
        isAlwaysOnTop: window.isAlwaysOnTop(),
      })),
    );
    expect(windows).toEqual([
      { type: "window", minimum: [MIN_WIDTH, MIN_HEIGHT], hidesMenu: true, isAlwaysOnTop: false },
    ]);
    // A preload outside the sandbox, or in the page's own world, would leave these behind.
    await expectOnlyAPage(page, ["connect"]);
    for (const address of ["https://example.com/", "file:///etc/passwd", "app://evil/index.html"]) {
      await page.evaluate((to) => location.assign(to), address);
      expect(await page.evaluate((to) => window.open(to) === null, address)).toBe(true);
    }
    // A navigation that was let through would have taken the page with it by now.
    await page.getByRole("link", { name: "Settings" }).click();
    await page.getByRole("heading", { name: "Settings" }).waitFor();
    expect(page.url()).toMatch(/^app:\/\/bundle\/index\.html/);
    expect(app.windows()).toHaveLength(1);
  }, 240_000);
});
