import { systemClock, type Clock } from "../../shared/clock.ts";
import type { HotkeySupport } from "../../shared/app-contract.ts";
import { AppError } from "../../shared/errors.ts";
import { parseAccelerator, type Accelerator } from "./accelerator.ts";

/** A key event of the native hook, as uiohook-napi reports it. */
export interface HookKeyEvent {
  readonly keycode: number;
  readonly ctrlKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
  readonly metaKey: boolean;
}

/** The part of uiohook-napi that push-to-talk needs; loading it may fail on a system without its libraries. */
export interface KeyHook {
  readonly keycodes: Readonly<Record<string, number>>;
  start(listeners: { down(event: HookKeyEvent): void; up(event: HookKeyEvent): void }): void;
  stop(): void;
}

export interface GlobalShortcuts {
  register(accelerator: string, callback: () => void): boolean;
  unregister(accelerator: string): void;
}

export interface KeyEdge {
  readonly type: "down" | "up";
  readonly atMs: number;
  readonly isRepeat: boolean;
}

export interface HotkeyOptions {
  readonly platform: NodeJS.Platform;
  /** XDG_SESSION_TYPE; on Wayland an X11 hook sees only the keys of X11 windows. */
  readonly sessionType: string | undefined;
  /** macOS: whether the person allowed Accessibility for Parley. */
  readonly isAccessibilityTrusted: () => boolean;
  readonly loadHook: () => Promise<KeyHook>;
  readonly shortcuts: GlobalShortcuts;
  readonly onEdge: (edge: KeyEdge) => void;
  readonly clock?: Clock;
}

/**
 * The push-to-talk key of the whole desktop: real key-down and key-up through the native hook, or Electron's
 * globalShortcut where the hook cannot run, which knows no key-up and therefore offers taps only (and says so).
 */
export class Hotkey implements Disposable {
  readonly #options: HotkeyOptions;
  readonly #clock: Clock;
  #hook: KeyHook | undefined;
  #accelerator: Accelerator | undefined;
  #shortcut: string | undefined;
  #isDown = false;
  #support: HotkeySupport = { level: "none", backend: "none", reason: "No global key is set." };

  constructor(options: HotkeyOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  get support(): HotkeySupport {
    return this.#support;
  }

  /** Watches `accelerator` from now on (empty for none). Never throws: what went wrong is in the returned support. */
  async watch(accelerator: string): Promise<HotkeySupport> {
    this.#release();
    if (accelerator === "") {
      this.#support = { level: "none", backend: "none", reason: "No global key is set." };
      return this.#support;
    }
    const obstacle = this.#hookObstacle();
    try {
      if (obstacle !== null) throw new AppError("unsupported", obstacle);
      await this.#watchWithHook(accelerator);
      this.#support = { level: "full", backend: "native key hook", reason: null };
    } catch (error) {
      const appError = AppError.from(error);
      // A wrong key is wrong for both ways of watching it.
      this.#support =
        appError.code === "bad-input"
          ? { level: "none", backend: "none", reason: appError.message }
          : this.#watchWithShortcut(accelerator, appError.message);
    }
    return this.#support;
  }

  [Symbol.dispose](): void {
    this.#release();
    this.#hook?.stop();
    this.#hook = undefined;
  }

  #hookObstacle(): string | null {
    const { platform, sessionType } = this.#options;
    if (platform === "linux" && sessionType === "wayland") {
      return "Wayland does not let applications watch keys. Log in with an X11 session to hold the key.";
    }
    if (platform === "darwin" && !this.#options.isAccessibilityTrusted()) {
      return "macOS needs your permission: System Settings → Privacy & Security → Accessibility → Parley.";
    }
    return null;
  }

  async #watchWithHook(text: string): Promise<void> {
    const hook = this.#hook ?? (await this.#options.loadHook());
    const accelerator = parseAccelerator(text, Object.keys(hook.keycodes), this.#options.platform);
    if (!this.#hook) {
      hook.start({ down: (event) => this.#down(event), up: (event) => this.#up(event) });
      this.#hook = hook;
    }
    this.#accelerator = accelerator;
  }

  #watchWithShortcut(accelerator: string, why: string): HotkeySupport {
    const isRegistered = this.#options.shortcuts.register(accelerator, () => {
      const atMs = this.#clock.nowMs();
      // There is no key-up here: both edges at once read as a tap.
      this.#options.onEdge({ type: "down", atMs, isRepeat: false });
      this.#options.onEdge({ type: "up", atMs, isRepeat: false });
    });
    if (!isRegistered) {
      const reason = `${why} ${accelerator} is also taken by another program: pick another key.`;
      return { level: "none", backend: "none", reason };
    }
    this.#shortcut = accelerator;
    return {
      level: "tap-only",
      backend: "globalShortcut",
      reason: `${why} Until then: tap to start, tap to stop.`,
    };
  }

  #down(event: HookKeyEvent): void {
    const wanted = this.#accelerator;
    if (!wanted || event.keycode !== this.#hook?.keycodes[wanted.key]) return;
    const matches =
      event.ctrlKey === wanted.ctrl &&
      event.altKey === wanted.alt &&
      event.shiftKey === wanted.shift &&
      event.metaKey === wanted.meta;
    if (!this.#isDown && !matches) return;
    this.#options.onEdge({ type: "down", atMs: this.#clock.nowMs(), isRepeat: this.#isDown });
    this.#isDown = true;
  }

  #up(event: HookKeyEvent): void {
    const wanted = this.#accelerator;
    // By key alone: people lift the modifiers first.
    if (!wanted || !this.#isDown || event.keycode !== this.#hook?.keycodes[wanted.key]) return;
    this.#isDown = false;
    this.#options.onEdge({ type: "up", atMs: this.#clock.nowMs(), isRepeat: false });
  }

  #release(): void {
    if (this.#shortcut !== undefined) this.#options.shortcuts.unregister(this.#shortcut);
    this.#shortcut = undefined;
    this.#accelerator = undefined;
    if (this.#isDown) {
      this.#isDown = false;
      this.#options.onEdge({ type: "up", atMs: this.#clock.nowMs(), isRepeat: false });
    }
  }
}
