import { describe, expect, test, vi } from "vitest";
import { ManualClock } from "../../../tests/support/manual-clock.ts";
import { parseAccelerator } from "./accelerator.ts";
import { Hotkey, type HookKeyEvent, type HotkeyOptions, type KeyEdge, type KeyHook } from "./hotkey.ts";

const keycodes = { F9: 67, Space: 57, A: 30, ArrowUp: 57416, Ctrl: 29 };
const plain = { ctrlKey: false, altKey: false, shiftKey: false, metaKey: false };

function setUp(overrides: Partial<HotkeyOptions> = {}) {
  const edges: KeyEdge[] = [];
  let listeners: Parameters<KeyHook["start"]>[0] | undefined;
  const hook = {
    keycodes,
    start: vi.fn((given: typeof listeners) => void (listeners = given)),
    stop: vi.fn(),
  };
  const shortcuts = { register: vi.fn(() => true), unregister: vi.fn() };
  const clock = new ManualClock(1000);
  const hotkey = new Hotkey({
    platform: "linux",
    sessionType: "x11",
    isAccessibilityTrusted: () => true,
    loadHook: () => Promise.resolve(hook),
    shortcuts,
    onEdge: (edge) => edges.push(edge),
    clock,
    ...overrides,
  });
  const key = (type: "down" | "up", code: number, modifiers: Partial<HookKeyEvent> = {}) =>
    listeners![type]({ keycode: code, ...plain, ...modifiers });
  return { hotkey, edges, hook, shortcuts, clock, key };
}

describe("R11 global push-to-talk key", () => {
  test("real key-down and key-up, with auto-repeat marked", async () => {
    const { hotkey, edges, clock, key } = setUp();
    expect(await hotkey.watch("F9")).toEqual({ level: "full", backend: "native key hook", reason: null });
    key("down", 67);
    clock.advance(500);
    key("down", 67);
    clock.advance(30);
    key("up", 67);
    expect(edges).toEqual([
      { type: "down", atMs: 1000, isRepeat: false },
      { type: "down", atMs: 1500, isRepeat: true },
      { type: "up", atMs: 1530, isRepeat: false },
    ]);
  });

  test("other keys and missing modifiers do nothing; modifiers may lift first", async () => {
    const { hotkey, edges, key } = setUp();
    await hotkey.watch("Control+Space");
    key("down", 57);
    key("down", 30, { ctrlKey: true });
    key("up", 57);
    expect(edges).toEqual([]);
    key("down", 57, { ctrlKey: true });
    key("up", 29);
    key("up", 57);
    expect(edges.map((edge) => edge.type)).toEqual(["down", "up"]);
  });

  test("changing the key while it is held lets go of it", async () => {
    const { hotkey, edges, key, hook } = setUp();
    await hotkey.watch("F9");
    key("down", 67);
    await hotkey.watch("Space");
    expect(edges.map((edge) => edge.type)).toEqual(["down", "up"]);
    expect(hook.start).toHaveBeenCalledOnce();
    key("down", 67);
    expect(edges).toHaveLength(2);
  });

  test("Wayland falls back to taps and says why and what to do", async () => {
    const { hotkey, edges, shortcuts, hook } = setUp({ sessionType: "wayland" });
    const support = await hotkey.watch("F9");
    expect(support).toMatchObject({ level: "tap-only", backend: "globalShortcut" });
    expect(support.reason).toMatch(/Wayland.*X11.*tap to start/s);
    expect(hook.start).not.toHaveBeenCalled();
    (shortcuts.register.mock.calls as unknown as [string, () => void][])[0]![1]();
    expect(edges.map((edge) => edge.type)).toEqual(["down", "up"]);
    hotkey[Symbol.dispose]();
    expect(shortcuts.unregister).toHaveBeenCalledExactlyOnceWith("F9");
  });

  test("macOS without the permission names the settings page", async () => {
    const { hotkey } = setUp({ platform: "darwin", isAccessibilityTrusted: () => false });
    expect((await hotkey.watch("F9")).reason).toMatch(/Privacy & Security → Accessibility/);
  });

  test("no hook and the shortcut is taken: none, and it says both", async () => {
    const { hotkey } = setUp({
      loadHook: () => Promise.reject(new Error("libXtst.so.6 is missing.")),
      shortcuts: { register: () => false, unregister: () => undefined },
    });
    const support = await hotkey.watch("F9");
    expect(support.level).toBe("none");
    expect(support.reason).toMatch(/libXtst.*taken by another program/);
  });

  test("an impossible key is refused with a sentence, not registered elsewhere", async () => {
    const { hotkey, shortcuts } = setUp();
    expect(await hotkey.watch("Banana")).toEqual({
      level: "none",
      backend: "none",
      reason: '"Banana" is not a key this system can watch. Pick another.',
    });
    expect(shortcuts.register).not.toHaveBeenCalled();
  });
});

describe("R11 accelerators", () => {
  const known = Object.keys(keycodes);
  test.each([
    ["F9", "linux", { key: "F9", ctrl: false, alt: false, shift: false, meta: false }],
    ["ctrl+shift+a", "linux", { key: "A", ctrl: true, alt: false, shift: true, meta: false }],
    ["CommandOrControl+Up", "linux", { key: "ArrowUp", ctrl: true, alt: false, shift: false, meta: false }],
    ["CommandOrControl+Up", "darwin", { key: "ArrowUp", ctrl: false, alt: false, shift: false, meta: true }],
  ] as const)("%s on %s", (text, platform, expected) => {
    expect(parseAccelerator(text, known, platform)).toEqual(expected);
  });

  test.each([["Shift"], ["A+F9"], [""], ["Ctrl+"]])("refuses %j", (text) => {
    expect(() => parseAccelerator(text, known, "linux")).toThrow(/key/);
  });
});
