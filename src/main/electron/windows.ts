import type { BrowserWindow, BrowserWindowConstructorOptions, Rectangle } from "electron";
import { APP_ORIGIN } from "./origin.ts";
import {
  mainWindowOptions,
  overlayWindowOptions,
  restorableBounds,
  type WindowLook,
} from "./window-options.ts";

/** What the windows need of Electron, handed in so that their behaviour can be tested without it. */
export interface WindowSystem {
  create(options: BrowserWindowConstructorOptions): BrowserWindow;
  workAreas(): Rectangle[];
  /** The work area of the screen the person is looking at (where the pointer is). */
  currentWorkArea(): Rectangle;
  isDark(): boolean;
}

export interface WindowsOptions {
  readonly system: WindowSystem;
  readonly preloadPath: string;
  readonly iconPath: string;
  /** Bounds from the last run, as read from disk: anything. */
  readonly savedBounds: unknown;
  readonly onBounds: (bounds: Rectangle) => void;
  /** False once the app is quitting: until then, closing the main window hides it into the tray. */
  readonly staysInTray: () => boolean;
}

/** The main window and the overlay: made when first needed, kept while the app runs. */
export class Windows {
  readonly #options: WindowsOptions;
  #main: BrowserWindow | undefined;
  #overlay: BrowserWindow | undefined;

  constructor(options: WindowsOptions) {
    this.#options = options;
  }

  /** Opens the main window, or brings it to the front. */
  showMain(): void {
    if (this.#main && !this.#main.isDestroyed()) {
      if (this.#main.isMinimized()) this.#main.restore();
      this.#main.show();
      this.#main.focus();
      return;
    }
    const { system, savedBounds } = this.#options;
    const bounds = restorableBounds(savedBounds, system.workAreas());
    const window = system.create(mainWindowOptions(this.#look(), bounds));
    this.#main = window;
    window.once("ready-to-show", () => window.show());
    const remember = (): void => this.#options.onBounds(window.getNormalBounds());
    window.on("resized", remember);
    window.on("moved", remember);
    window.on("close", (event) => {
      remember();
      if (!this.#options.staysInTray()) return;
      event.preventDefault();
      window.hide();
    });
    window.on("closed", () => (this.#main = undefined));
    // A crashed page loses nothing: the conversation lives in the main process and the new page asks for it.
    window.webContents.on("render-process-gone", (_event, { reason }) => {
      if (reason !== "clean-exit" && !window.isDestroyed()) window.webContents.reload();
    });
    void window.loadURL(`${APP_ORIGIN}/index.html`);
  }

  /** The overlay is only for when the main window cannot be seen. Never takes the focus from what the person does. */
  showOverlay(): void {
    if (this.isMainVisible) return;
    if (!this.#overlay || this.#overlay.isDestroyed()) {
      const window = this.#options.system.create(
        overlayWindowOptions(this.#look(), this.#options.system.currentWorkArea()),
      );
      window.setAlwaysOnTop(true, "screen-saver");
      window.setVisibleOnAllWorkspaces(true, { visibleOnFullScreen: true });
      window.setIgnoreMouseEvents(true);
      void window.loadURL(`${APP_ORIGIN}/index.html#/overlay`);
      this.#overlay = window;
    }
    this.#overlay.showInactive();
  }

  hideOverlay(): void {
    if (this.#overlay && !this.#overlay.isDestroyed()) this.#overlay.hide();
  }

  get isMainVisible(): boolean {
    return (
      this.#main !== undefined &&
      !this.#main.isDestroyed() &&
      this.#main.isVisible() &&
      !this.#main.isMinimized()
    );
  }

  /** Ends both windows for good. */
  destroy(): void {
    for (const window of [this.#main, this.#overlay]) if (window && !window.isDestroyed()) window.destroy();
    this.#main = undefined;
    this.#overlay = undefined;
  }

  #look(): WindowLook {
    const { preloadPath, iconPath, system } = this.#options;
    return { preloadPath, iconPath, isDark: system.isDark() };
  }
}
