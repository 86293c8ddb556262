/** What of a key event names a shortcut. */
export interface KeyChord {
  /** Physical key, such as `KeyA` or `F9`: the same on every keyboard layout. */
  readonly code: string;
  readonly ctrlKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
  readonly metaKey: boolean;
}

const named: Readonly<Record<string, string>> = {
  Space: "Space",
  Tab: "Tab",
  Enter: "Return",
  Insert: "Insert",
  Delete: "Delete",
  Home: "Home",
  End: "End",
  PageUp: "PageUp",
  PageDown: "PageDown",
  ArrowUp: "Up",
  ArrowDown: "Down",
  ArrowLeft: "Left",
  ArrowRight: "Right",
  Backquote: "`",
  Minus: "-",
  Equal: "=",
  BracketLeft: "[",
  BracketRight: "]",
  Backslash: "\\",
  Semicolon: ";",
  Quote: "'",
  Comma: ",",
  Period: ".",
  Slash: "/",
  ScrollLock: "ScrollLock",
};

/**
 * A key chord in Electron's notation; null while only modifiers are down, or for a key that would be lost to typing
 * everywhere (a plain letter, digit or sign, or a bare Return).
 */
export function acceleratorOf(chord: KeyChord): string | null {
  const isFunctionKey = /^F\d{1,2}$/.test(chord.code);
  const key = isFunctionKey ? chord.code : (/^(?:Key|Digit)(.)$/.exec(chord.code)?.[1] ?? named[chord.code]);
  if (key === undefined) return null;
  const modifiers = [
    chord.ctrlKey && "Control",
    chord.altKey && "Alt",
    chord.shiftKey && "Shift",
    chord.metaKey && "Super",
  ].filter((name) => name !== false);
  const isFree = isFunctionKey || ["Insert", "ScrollLock"].includes(key);
  const hasModifier = chord.ctrlKey || chord.altKey || chord.metaKey;
  return isFree || hasModifier ? [...modifiers, key].join("+") : null;
}
