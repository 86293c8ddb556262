import type { App, Shell } from "electron";

/** The only pages outside Parley that a link may open, in the person's own browser. */
const externalPages: ReadonlySet<string> = new Set([
  "https://huggingface.co/onnx-community/Voxtral-Mini-3B-2507-ONNX",
  "https://huggingface.co/onnx-community/Kokoro-82M-v1.0-ONNX",
  "https://onnxruntime.ai/docs/execution-providers/",
]);

export function isAllowedExternally(url: string): boolean {
  return externalPages.has(url);
}

/**
 * Locks every window that will ever exist to the page it was opened with: no navigation, no new window, no webview.
 * Set on `web-contents-created`, so that a window added later cannot forget it.
 */
export function lockNavigation(app: App, shell: Pick<Shell, "openExternal">): void {
  app.on("web-contents-created", (_event, contents) => {
    contents.on("will-navigate", (event) => event.preventDefault());
    contents.on("will-redirect", (event) => event.preventDefault());
    contents.on("will-frame-navigate", (event) => event.preventDefault());
    contents.on("will-attach-webview", (event) => event.preventDefault());
    contents.setWindowOpenHandler(({ url }) => {
      if (isAllowedExternally(url)) void shell.openExternal(url);
      return { action: "deny" };
    });
  });
}
