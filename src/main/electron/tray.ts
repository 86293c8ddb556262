import type { MenuItemConstructorOptions } from "electron";
import type { Phase } from "../../shared/app-contract.ts";

const phaseLabels: Readonly<Record<Phase, string>> = {
  idle: "Ready",
  listening: "Listening…",
  thinking: "Thinking…",
  speaking: "Speaking…",
};

export interface TrayActions {
  readonly open: () => void;
  readonly stopSpeaking: () => void;
  readonly quit: () => void;
}

/** The tray's menu as data: what the assistant is doing, and the three things worth reaching without the window. */
export function trayMenu(
  phase: Phase,
  globalKey: string,
  actions: TrayActions,
): MenuItemConstructorOptions[] {
  return [
    { label: phaseLabels[phase], enabled: false },
    ...(globalKey ? [{ label: `Hold ${globalKey} to talk`, enabled: false }] : []),
    { type: "separator" },
    { label: "Open Parley", click: actions.open },
    {
      label: "Stop speaking",
      click: actions.stopSpeaking,
      enabled: phase === "speaking" || phase === "thinking",
    },
    { type: "separator" },
    { label: "Quit Parley", click: actions.quit },
  ];
}
