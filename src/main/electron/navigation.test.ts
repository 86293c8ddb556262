import { EventEmitter } from "node:events";
import { describe, expect, test, vi } from "vitest";
import type { App } from "electron";
import { isAllowedExternally, lockNavigation } from "./navigation.ts";

function openWindow() {
  const app = new EventEmitter();
  const openExternal = vi.fn<(url: string) => Promise<void>>().mockResolvedValue(undefined);
  lockNavigation(app as unknown as App, { openExternal });
  let openHandler: (details: { url: string }) => { action: string } = () => ({ action: "unset" });
  const contents = Object.assign(new EventEmitter(), {
    setWindowOpenHandler: (handler: typeof openHandler) => void (openHandler = handler),
  });
  app.emit("web-contents-created", {}, contents);
  return { contents, openExternal, open: (url: string) => openHandler({ url }) };
}

describe("R61 navigation lock", () => {
  test.each(["will-navigate", "will-redirect", "will-frame-navigate", "will-attach-webview"])(
    "%s is prevented",
    (name) => {
      const preventDefault = vi.fn();
      openWindow().contents.emit(name, { preventDefault });
      expect(preventDefault).toHaveBeenCalledOnce();
    },
  );

  test.each([
    "https://example.com/",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "https://huggingface.co/evil",
    "smb://host/share",
    "https://huggingface.co/onnx-community/Voxtral-Mini-3B-2507-ONNX/../../x",
  ])("a new window for %s is denied and opens nowhere", (url) => {
    const { open, openExternal } = openWindow();
    expect(open(url)).toEqual({ action: "deny" });
    expect(openExternal).not.toHaveBeenCalled();
  });

  test("our own model pages open in the person's browser, never in the app", () => {
    const url = "https://huggingface.co/onnx-community/Kokoro-82M-v1.0-ONNX";
    expect(isAllowedExternally(url)).toBe(true);
    const { open, openExternal } = openWindow();
    expect(open(url)).toEqual({ action: "deny" });
    expect(openExternal).toHaveBeenCalledExactlyOnceWith(url);
  });
});
