import { describe, expect, test } from "vitest";
import { mainWindowOptions, overlayWindowOptions, restorableBounds } from "./window-options.ts";

const look = { preloadPath: "/app/preload.cjs", iconPath: "/app/icon.png", isDark: true };
const preferences = {
  preload: "/app/preload.cjs",
  sandbox: true,
  contextIsolation: true,
  nodeIntegration: false,
  nodeIntegrationInWorker: false,
  nodeIntegrationInSubFrames: false,
  webSecurity: true,
  allowRunningInsecureContent: false,
  webviewTag: false,
  navigateOnDragDrop: false,
  spellcheck: false,
  backgroundThrottling: false,
  autoplayPolicy: "no-user-gesture-required",
};

describe("R61 R10 window options", () => {
  test("the main window, option by option", () => {
    expect(mainWindowOptions(look, { x: 10, y: 20, width: 900, height: 600 })).toEqual({
      title: "Parley",
      x: 10,
      y: 20,
      width: 900,
      height: 600,
      minWidth: 480,
      minHeight: 420,
      show: false,
      icon: "/app/icon.png",
      backgroundColor: "#14151a",
      autoHideMenuBar: true,
      webPreferences: preferences,
    });
  });

  test("the overlay sits bottom centre, on top, without focus, and is locked down just the same", () => {
    const options = overlayWindowOptions(look, { x: 100, y: 0, width: 1000, height: 800 });
    expect(options).toMatchObject({ x: 390, y: 628, alwaysOnTop: true, focusable: false, skipTaskbar: true });
    expect(options.webPreferences).toEqual(preferences);
  });
});

describe("R10 remembers the window", () => {
  const screen = { x: 0, y: 0, width: 1920, height: 1080 };
  test.each([
    ["on the screen", { x: 5, y: 6, width: 800, height: 600 }, { x: 5, y: 6, width: 800, height: 600 }],
    ["on an unplugged monitor", { x: 4000, y: 0, width: 800, height: 600 }, null],
    ["title bar above the screen", { x: 0, y: -700, width: 800, height: 600 }, null],
    ["too small", { x: 0, y: 0, width: 10, height: 10 }, { x: 0, y: 0, width: 480, height: 420 }],
    ["not numbers", { x: "0", y: 0, width: 800, height: 600 }, null],
    ["NaN", { x: Number.NaN, y: 0, width: 800, height: 600 }, null],
    ["nothing", null, null],
    ["text", "0,0,800,600", null],
  ])("%s", (_name, saved, expected) => {
    expect(restorableBounds(saved, [screen])).toEqual(expected);
  });
});
