import { describe, expect, test } from "vitest";
import type { Session } from "electron";
import { installPermissions, isPermitted } from "./permissions.ts";

const ours = { requestingUrl: "app://bundle/index.html", isMainFrame: true, mediaTypes: [] as string[] };

describe("R61 permission table", () => {
  test.each([
    ["microphone alone", { ...ours, permission: "media", mediaTypes: ["audio"] }, true],
    ["camera", { ...ours, permission: "media", mediaTypes: ["video"] }, false],
    ["microphone with camera", { ...ours, permission: "media", mediaTypes: ["audio", "video"] }, false],
    ["media of no kind", { ...ours, permission: "media" }, false],
    ["choice of the speaker", { ...ours, permission: "speaker-selection" }, true],
    ["copying", { ...ours, permission: "clipboard-sanitized-write" }, true],
    ["reading the clipboard", { ...ours, permission: "clipboard-read" }, false],
    [
      "microphone for a sub-frame",
      { ...ours, permission: "media", mediaTypes: ["audio"], isMainFrame: false },
      false,
    ],
    [
      "microphone for another origin",
      { ...ours, permission: "media", mediaTypes: ["audio"], requestingUrl: "https://example.com/" },
      false,
    ],
    [
      "microphone for a look-alike origin",
      { ...ours, permission: "media", mediaTypes: ["audio"], requestingUrl: "app://bundle.evil/" },
      false,
    ],
    [
      "microphone for a URL with credentials",
      { ...ours, permission: "media", mediaTypes: ["audio"], requestingUrl: "app://bundle@evil/" },
      false,
    ],
    ["a name from Object.prototype", { ...ours, permission: "constructor" }, false],
  ])("%s", (_name, question, expected) => {
    expect(isPermitted(question)).toBe(expected);
  });

  test.each(
    "display-capture fileSystem fullscreen geolocation hid idle-detection keyboardLock local-fonts mediaKeySystem midi midiSysex nfc notifications openExternal payment-handler persistent-storage pointerLock screen-wake-lock sensors serial storage-access usb vr web-app-installation window-management unknown".split(
      " ",
    ),
  )("refuses %s", (permission) => {
    expect(isPermitted({ ...ours, permission, mediaTypes: ["audio"] })).toBe(false);
  });

  test("both handlers, and every device chooser, are installed and refuse", () => {
    const handlers = new Map<string, (...args: never[]) => unknown>();
    const session = new Proxy({} as Session, {
      get: (_target, name) => (handler: (...args: never[]) => unknown) => handlers.set(String(name), handler),
    });
    installPermissions(session);
    const call = (name: string, ...args: unknown[]) => handlers.get(name)!(...(args as never[]));

    const answers: boolean[] = [];
    const contents = { getURL: () => "app://bundle/index.html" };
    const ask = (permission: string, details: object) =>
      call("setPermissionRequestHandler", contents, permission, (ok: boolean) => answers.push(ok), details);
    ask("media", { requestingUrl: ours.requestingUrl, isMainFrame: true, mediaTypes: ["audio"] });
    ask("media", { requestingUrl: ours.requestingUrl, isMainFrame: true, mediaTypes: ["audio", "video"] });
    ask("geolocation", { requestingUrl: ours.requestingUrl, isMainFrame: true });
    expect(answers).toEqual([true, false, false]);

    const check = (permission: string, origin: string, details: object) =>
      call("setPermissionCheckHandler", null, permission, origin, details);
    expect(check("media", "app://bundle/", { isMainFrame: true, mediaType: "audio" })).toBe(true);
    expect(check("media", "app://bundle/", { isMainFrame: true, mediaType: "unknown" })).toBe(false);
    expect(check("media", "https://evil.example/", { isMainFrame: true, mediaType: "audio" })).toBe(false);

    expect(call("setDevicePermissionHandler", {})).toBe(false);
    let streams: unknown = "unset";
    call("setDisplayMediaRequestHandler", {}, (value: unknown) => (streams = value));
    expect(streams).toEqual({});
    expect(call("setUSBProtectedClassesHandler", { protectedClasses: ["audio"] })).toEqual(["audio"]);
  });
});
