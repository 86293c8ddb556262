import { EventEmitter } from "node:events";
import { describe, expect, test, vi } from "vitest";
import type { IpcMain } from "electron";
import { CONNECT_CHANNEL, listenForWindows, refusal } from "./ipc.ts";

const frame = { url: "app://bundle/index.html", parent: null };
const good = { frame, message: { view: "main" }, portCount: 1 };

describe("R61 who may connect", () => {
  test.each([
    ["a page of ours", good, null],
    ["the overlay", { ...good, message: { view: "overlay" } }, null],
    ["a frame that is gone", { ...good, frame: null }, "the sending frame is gone"],
    ["a sub-frame", { ...good, frame: { ...frame, parent: {} as never } }, "the sender is a sub-frame"],
    [
      "another origin",
      { ...good, frame: { ...frame, url: "https://evil.example/" } },
      "the sender is not a page of Parley",
    ],
    [
      "about:blank",
      { ...good, frame: { ...frame, url: "about:blank" } },
      "the sender is not a page of Parley",
    ],
    ["an empty url", { ...good, frame: { ...frame, url: "" } }, "the sender is not a page of Parley"],
    ["no port", { ...good, portCount: 0 }, "expected one port, got 0"],
    ["two ports", { ...good, portCount: 2 }, "expected one port, got 2"],
    ["an unknown view", { ...good, message: { view: "root" } }, "the message is malformed"],
    ["extra fields", { ...good, message: { view: "main", admin: true } }, "the message is malformed"],
    ["no message", { ...good, message: undefined }, "the message is malformed"],
  ])("%s", (_name, request, expected) => {
    expect(refusal(request)).toBe(expected);
  });

  test("a refused sender's ports are closed and no handler runs; a good one gets its port through", () => {
    const ipcMain = new EventEmitter();
    const onPort = vi.fn();
    const onRefused = vi.fn();
    listenForWindows(onPort, onRefused, ipcMain as unknown as IpcMain);
    const port = { close: vi.fn() };
    ipcMain.emit(
      CONNECT_CHANNEL,
      { senderFrame: { ...frame, url: "file:///x" }, ports: [port], sender: {} },
      { view: "main" },
    );
    expect(port.close).toHaveBeenCalledOnce();
    expect(onPort).not.toHaveBeenCalled();
    expect(onRefused).toHaveBeenCalledOnce();

    const sender = {};
    ipcMain.emit(CONNECT_CHANNEL, { senderFrame: frame, ports: [port], sender }, { view: "overlay" });
    expect(onPort).toHaveBeenCalledExactlyOnceWith(port, "overlay", sender);
  });
});
