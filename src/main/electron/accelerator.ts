import { AppError } from "../../shared/errors.ts";

/** A shortcut taken apart: the key by its name in the hook's table, and which modifiers must be down at the press. */
export interface Accelerator {
  readonly key: string;
  readonly ctrl: boolean;
  readonly alt: boolean;
  readonly shift: boolean;
  readonly meta: boolean;
}

const modifierNames: Readonly<Record<string, "ctrl" | "alt" | "shift" | "meta" | "primary">> = {
  control: "ctrl",
  ctrl: "ctrl",
  alt: "alt",
  option: "alt",
  shift: "shift",
  meta: "meta",
  super: "meta",
  command: "meta",
  cmd: "meta",
  commandorcontrol: "primary",
  cmdorctrl: "primary",
};

/** Electron's spelling → the hook's, where they differ. Letters, digits and F-keys are spelled alike. */
const keyAliases: Readonly<Record<string, string>> = {
  esc: "Escape",
  return: "Enter",
  up: "ArrowUp",
  down: "ArrowDown",
  left: "ArrowLeft",
  right: "ArrowRight",
  printscreen: "PrintScreen",
  capslock: "CapsLock",
  numlock: "NumLock",
  scrolllock: "ScrollLock",
  pageup: "PageUp",
  pagedown: "PageDown",
  "`": "Backquote",
  "-": "Minus",
  "=": "Equal",
  "[": "BracketLeft",
  "]": "BracketRight",
  "\\": "Backslash",
  ";": "Semicolon",
  "'": "Quote",
  ",": "Comma",
  ".": "Period",
  "/": "Slash",
};

/**
 * Reads a shortcut in Electron's notation (`F9`, `Control+Shift+Space`). `knownKeys` are the hook's key names. Throws
 * `bad-input` with a sentence when there is no key, two keys, or an unknown one.
 */
export function parseAccelerator(
  text: string,
  knownKeys: readonly string[],
  platform: NodeJS.Platform,
): Accelerator {
  const modifiers = { ctrl: false, alt: false, shift: false, meta: false };
  let key: string | undefined;
  for (const part of text.split("+").map((word) => word.trim())) {
    const name = part.toLowerCase();
    const modifier = modifierNames[name];
    if (modifier === "primary") modifiers[platform === "darwin" ? "meta" : "ctrl"] = true;
    else if (modifier) modifiers[modifier] = true;
    else {
      const wanted = keyAliases[name] ?? part;
      const known = knownKeys.find((candidate) => candidate.toLowerCase() === wanted.toLowerCase());
      if (!known)
        throw new AppError("bad-input", `"${part}" is not a key this system can watch. Pick another.`);
      if (key) throw new AppError("bad-input", `A push-to-talk shortcut has one key; "${text}" has two.`);
      key = known;
    }
  }
  if (!key) throw new AppError("bad-input", "A push-to-talk shortcut needs a key besides its modifiers.");
  return { key, ...modifiers };
}
