import { Mic, MicOff } from "lucide-react";
import type { ReactNode } from "react";
import { useSession, useStores } from "../session-context.ts";
import type { MicrophoneState } from "../audio/microphone-errors.ts";
import styles from "./microphone-switch.module.css";

const names: Readonly<Record<MicrophoneState, string>> = {
  off: "Microphone off",
  armed: "Microphone on",
  denied: "Microphone blocked",
  missing: "No microphone",
  lost: "Microphone lost",
  muted: "Microphone muted",
};

/** The microphone as every window knows it: muted is main's word, the rest is that of the page that has it. */
export function useMicrophoneState(): MicrophoneState {
  const isMuted = useStores("assistant", (state) => state.isMuted);
  const state = useStores("microphone", (microphone) => microphone.state);
  return isMuted ? "muted" : state;
}

/** Shuts the microphone for every window, hardware and all, or opens it. */
export function MicrophoneSwitch({ size = "large" }: { readonly size?: "large" | "small" }): ReactNode {
  const { listening } = useSession();
  const state = useMicrophoneState();
  const label = useStores("microphone", (microphone) => microphone.label);
  const isOn = state === "armed";
  const hint = isOn
    ? `${label || "Open"}. Press M to mute`
    : state === "muted"
      ? "Press M to unmute"
      : undefined;
  return (
    <button
      type="button"
      className={styles["switch"]}
      data-state={state}
      data-size={size}
      aria-pressed={isOn}
      aria-keyshortcuts="M"
      title={hint}
      onClick={() => listening.toggle()}
    >
      {isOn ? <Mic aria-hidden size={15} /> : <MicOff aria-hidden size={15} />}
      <span>{names[state]}</span>
    </button>
  );
}
