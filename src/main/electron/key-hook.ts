import type { KeyHook } from "./hotkey.ts";

/** Loads uiohook-napi (an optional dependency with prebuilt binaries); rejects where they or their libraries lack. */
export async function loadKeyHook(): Promise<KeyHook> {
  const { uIOhook, UiohookKey } = await import("uiohook-napi");
  return {
    keycodes: UiohookKey,
    start(listeners) {
      uIOhook.on("keydown", (event) => listeners.down(event));
      uIOhook.on("keyup", (event) => listeners.up(event));
      uIOhook.start();
    },
    stop() {
      uIOhook.removeAllListeners();
      uIOhook.stop();
    },
  };
}
