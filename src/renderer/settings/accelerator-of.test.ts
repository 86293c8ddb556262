import { expect, test } from "vitest";
import { acceleratorOf, type KeyChord } from "./accelerator-of.ts";

function chord(code: string, ...modifiers: ("ctrl" | "alt" | "shift" | "meta")[]): KeyChord {
  return {
    code,
    ctrlKey: modifiers.includes("ctrl"),
    altKey: modifiers.includes("alt"),
    shiftKey: modifiers.includes("shift"),
    metaKey: modifiers.includes("meta"),
  };
}

test.each([
  [chord("F9"), "F9"],
  [chord("F12", "shift"), "Shift+F12"],
  [chord("Space", "ctrl", "shift"), "Control+Shift+Space"],
  [chord("KeyJ", "alt"), "Alt+J"],
  [chord("Digit1", "meta"), "Super+1"],
  [chord("Backquote", "ctrl"), "Control+`"],
  [chord("ArrowUp", "ctrl", "alt"), "Control+Alt+Up"],
  [chord("Insert"), "Insert"],
])("R11 %j is %s", (keys, accelerator) => {
  expect(acceleratorOf(keys)).toBe(accelerator);
});

test.each([
  ["a letter", chord("KeyA")],
  ["a capital", chord("KeyA", "shift")],
  ["the space bar", chord("Space")],
  ["return", chord("Enter")],
  ["a modifier alone", chord("ControlLeft", "ctrl")],
  ["an unknown key", chord("LaunchMail", "ctrl")],
])("R11 %s alone is no global key", (_, keys) => {
  expect(acceleratorOf(keys)).toBeNull();
});
