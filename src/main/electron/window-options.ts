import type { BrowserWindowConstructorOptions, Rectangle, WebPreferences } from "electron";

/** Every window's preferences: a page can do what a web page can do, plus the one object of the preload. */
export function securePreferences(preloadPath: string): WebPreferences {
  return {
    preload: preloadPath,
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
    // The player must keep its clock while the window is hidden behind the one the person talks about.
    backgroundThrottling: false,
    autoplayPolicy: "no-user-gesture-required",
  };
}

export const MIN_WIDTH = 480;
export const MIN_HEIGHT = 420;

export interface WindowLook {
  readonly preloadPath: string;
  readonly iconPath: string;
  readonly isDark: boolean;
}

/** Pure: compared whole in a test, so that no preference changes unseen. `bounds` null centres the first window. */
export function mainWindowOptions(
  look: WindowLook,
  bounds: Rectangle | null,
): BrowserWindowConstructorOptions {
  return {
    title: "Parley",
    width: 1120,
    height: 760,
    ...bounds,
    minWidth: MIN_WIDTH,
    minHeight: MIN_HEIGHT,
    show: false,
    icon: look.iconPath,
    backgroundColor: look.isDark ? "#14151a" : "#faf9f7",
    autoHideMenuBar: true,
    webPreferences: securePreferences(look.preloadPath),
  };
}

export const OVERLAY_WIDTH = 420;
export const OVERLAY_HEIGHT = 148;

/** The small window while talking: bottom centre of the screen's work area, above everything, never taking focus. */
export function overlayWindowOptions(look: WindowLook, workArea: Rectangle): BrowserWindowConstructorOptions {
  return {
    title: "Parley overlay",
    width: OVERLAY_WIDTH,
    height: OVERLAY_HEIGHT,
    x: Math.round(workArea.x + (workArea.width - OVERLAY_WIDTH) / 2),
    y: Math.round(workArea.y + workArea.height - OVERLAY_HEIGHT - 24),
    show: false,
    frame: false,
    transparent: true,
    resizable: false,
    maximizable: false,
    minimizable: false,
    fullscreenable: false,
    skipTaskbar: true,
    alwaysOnTop: true,
    focusable: false,
    hasShadow: false,
    icon: look.iconPath,
    webPreferences: securePreferences(look.preloadPath),
  };
}

/**
 * Remembered bounds, if they still lie on a screen by at least 120×60 pixels of their top edge: a monitor may have been
 * unplugged since. Anything malformed is forgotten.
 */
export function restorableBounds(saved: unknown, workAreas: readonly Rectangle[]): Rectangle | null {
  if (typeof saved !== "object" || saved === null) return null;
  const { x, y, width, height } = saved as Partial<Rectangle>;
  if (![x, y, width, height].every((value) => typeof value === "number" && Number.isFinite(value)))
    return null;
  const bounds = {
    x: Math.round(x!),
    y: Math.round(y!),
    width: Math.max(MIN_WIDTH, Math.round(width!)),
    height: Math.max(MIN_HEIGHT, Math.round(height!)),
  };
  const isReachable = workAreas.some((area) => {
    const overlapX = Math.min(bounds.x + bounds.width, area.x + area.width) - Math.max(bounds.x, area.x);
    const overlapY = Math.min(bounds.y + 60, area.y + area.height) - Math.max(bounds.y, area.y);
    return overlapX >= 120 && overlapY >= 60;
  });
  return isReachable ? bounds : null;
}
