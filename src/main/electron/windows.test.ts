import { EventEmitter } from "node:events";
import { describe, expect, test, vi } from "vitest";
import type { BrowserWindow, BrowserWindowConstructorOptions, Rectangle } from "electron";
import { trayMenu } from "./tray.ts";
import { Windows } from "./windows.ts";

const screen = { x: 0, y: 0, width: 1920, height: 1080 };

class FakeWindow extends EventEmitter {
  readonly options: BrowserWindowConstructorOptions;
  readonly webContents = Object.assign(new EventEmitter(), { reload: vi.fn() });
  isShown = false;
  isMini = false;
  isGone = false;
  readonly loadURL = vi.fn(() => Promise.resolve());
  readonly focus = vi.fn();
  readonly setAlwaysOnTop = vi.fn();
  readonly setVisibleOnAllWorkspaces = vi.fn();
  readonly setIgnoreMouseEvents = vi.fn();

  constructor(options: BrowserWindowConstructorOptions) {
    super();
    this.options = options;
  }
  show = () => void (this.isShown = true);
  showInactive = () => void (this.isShown = true);
  hide = () => void (this.isShown = false);
  restore = () => void (this.isMini = false);
  destroy = () => void (this.isGone = true);
  isDestroyed = () => this.isGone;
  isVisible = () => this.isShown;
  isMinimized = () => this.isMini;
  getNormalBounds = () => ({ x: 1, y: 2, width: 800, height: 600 });
}

function setUp(savedBounds: unknown = null) {
  const made: FakeWindow[] = [];
  const bounds: Rectangle[] = [];
  let staysInTray = true;
  const windows = new Windows({
    system: {
      create(options) {
        const window = new FakeWindow(options);
        made.push(window);
        return window as unknown as BrowserWindow;
      },
      workAreas: () => [screen],
      currentWorkArea: () => screen,
      isDark: () => false,
    },
    preloadPath: "/preload.cjs",
    iconPath: "/icon.png",
    savedBounds,
    onBounds: (value) => bounds.push(value),
    staysInTray: () => staysInTray,
  });
  return { windows, made, bounds, quit: () => void (staysInTray = false) };
}

describe("R10 windows", () => {
  test("one main window: asked for again it comes to the front, also from minimised", () => {
    const { windows, made } = setUp();
    windows.showMain();
    made[0]!.isMini = true;
    windows.showMain();
    expect(made).toHaveLength(1);
    expect(made[0]!.isMini).toBe(false);
    expect(made[0]!.focus).toHaveBeenCalledOnce();
    expect(made[0]!.loadURL).toHaveBeenCalledExactlyOnceWith("app://bundle/index.html");
  });

  test("closing hides into the tray and remembers the place; while quitting it really closes", () => {
    const { windows, made, bounds, quit } = setUp({ x: 9, y: 9, width: 700, height: 500 });
    windows.showMain();
    expect(made[0]!.options).toMatchObject({ x: 9, y: 9, width: 700, height: 500 });
    made[0]!.show();
    const preventDefault = vi.fn();
    made[0]!.emit("close", { preventDefault });
    expect(preventDefault).toHaveBeenCalledOnce();
    expect(made[0]!.isShown).toBe(false);
    expect(bounds).toEqual([{ x: 1, y: 2, width: 800, height: 600 }]);
    quit();
    made[0]!.emit("close", { preventDefault });
    expect(preventDefault).toHaveBeenCalledOnce();
  });

  test("R62 a crashed page is loaded again", () => {
    const { windows, made } = setUp();
    windows.showMain();
    made[0]!.webContents.emit("render-process-gone", {}, { reason: "crashed" });
    expect(made[0]!.webContents.reload).toHaveBeenCalledOnce();
    made[0]!.webContents.emit("render-process-gone", {}, { reason: "clean-exit" });
    expect(made[0]!.webContents.reload).toHaveBeenCalledOnce();
  });

  test("the overlay shows only while the main window cannot be seen", () => {
    const { windows, made } = setUp();
    windows.showOverlay();
    expect(made[0]!.loadURL).toHaveBeenCalledExactlyOnceWith("app://bundle/index.html#/overlay");
    expect(made[0]!.isShown).toBe(true);
    windows.hideOverlay();
    expect(made[0]!.isShown).toBe(false);
    windows.showMain();
    made[1]!.show();
    windows.showOverlay();
    expect(made[0]!.isShown).toBe(false);
    windows.destroy();
    expect(made.every((window) => window.isGone)).toBe(true);
  });
});

describe("R10 tray", () => {
  test("says what happens and offers to stop only while there is something to stop", () => {
    const actions = { open: vi.fn(), stopSpeaking: vi.fn(), quit: vi.fn() };
    const labels = (phase: "idle" | "speaking") =>
      trayMenu(phase, "F9", actions).map((item) => [item.label, item.enabled ?? true]);
    expect(labels("idle")).toContainEqual(["Stop speaking", false]);
    expect(labels("speaking")).toContainEqual(["Stop speaking", true]);
    expect(labels("speaking")[0]).toEqual(["Speaking…", false]);
    expect(labels("idle")).toContainEqual(["Hold F9 to talk", false]);
    expect(trayMenu("idle", "", actions).some((item) => item.label?.startsWith("Hold"))).toBe(false);
  });
});
