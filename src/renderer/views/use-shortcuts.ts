import { useEffect } from "react";
import { useSession } from "../session-context.ts";

const pages: Readonly<Record<string, string>> = {
  Digit1: "#/",
  Digit2: "#/dashboard",
  Digit3: "#/models",
  Digit4: "#/settings",
};

/** The window's shortcuts. All have a modifier, so that none is pressed by accident or by dictation. */
export function useShortcuts(show: { help: () => void; search: () => void }): void {
  const { commands, listening } = useSession();
  useEffect(() => {
    const byCtrl: Readonly<Record<string, () => void>> = {
      KeyK: show.search,
      Slash: show.help,
    };
    const byAlt: Readonly<Record<string, () => void>> = {
      KeyN: () => {
        location.hash = "#/";
        void commands.createConversation();
      },
      KeyT: () => document.getElementById("question")?.focus(),
      KeyM: () => listening.toggle(),
    };
    const onKeyDown = (event: KeyboardEvent): void => {
      // Some layouts type with Ctrl and Alt together (AltGr).
      if (event.altKey === (event.ctrlKey || event.metaKey) || event.shiftKey) return;
      const page = event.altKey ? pages[event.code] : undefined;
      const action = event.altKey ? byAlt[event.code] : byCtrl[event.code];
      if (page === undefined && !action) return;
      event.preventDefault();
      if (page !== undefined) location.hash = page;
      action?.();
    };
    window.addEventListener("keydown", onKeyDown);
    return () => window.removeEventListener("keydown", onKeyDown);
  }, [commands, listening, show]);
}
