import type { Phase } from "../../shared/app-contract.ts";
import type { MicrophoneState } from "../audio/microphone-errors.ts";
import { useMicrophoneState } from "../components/microphone-switch.tsx";
import { useStores } from "../session-context.ts";

export interface TalkStatus {
  /** What is going on, in a word. */
  readonly name: string;
  /** What the person can do now. */
  readonly hint: string;
}

/** What the status depends on; from the stores. */
export interface TalkSituation {
  readonly phase: Phase;
  readonly isHandsFree: boolean;
  readonly isHeld: boolean;
  /** Begun by a tap, or held open by a key or button. */
  readonly isLatched: boolean;
  readonly isPressed: boolean;
  /** A pause runs that sends the question. */
  readonly isEnding: boolean;
  readonly microphone: MicrophoneState;
  readonly canUseKeys: boolean;
}

/** What the assistant is doing and what the person can do about it, in words. */
export function talkStatus(situation: TalkSituation): TalkStatus {
  const { phase, isHandsFree, isHeld, canUseKeys, microphone } = situation;
  switch (phase) {
    case "listening":
      return listeningStatus(situation);
    case "thinking":
      return {
        name: "Thinking",
        hint: isHandsFree ? "Speak to ask something else" : "Press to stop and ask something else",
      };
    case "speaking":
      if (isHeld) return { name: "Was that for me?", hint: "On hold: speak on, or just wait" };
      return {
        name: "Speaking",
        hint: isHandsFree ? "Speak to interrupt · Esc to stop" : "Press to stop and talk · Esc to stop",
      };
    default:
      if (microphone !== "armed" && microphone !== "off") return deafStatus(microphone, canUseKeys);
      if (isHandsFree && microphone === "off") {
        return { name: "Microphone off", hint: "Turn it on to talk with free hands" };
      }
      if (isHandsFree) return { name: "Listening for you", hint: "Just speak; a pause sends it" };
      return {
        name: "Ready",
        hint: canUseKeys ? "Hold Space or the button and speak" : "Hold the button and speak",
      };
  }
}

function listeningStatus({ isHandsFree, isLatched, isPressed, isEnding }: TalkSituation): TalkStatus {
  if (isLatched) return { name: "Listening", hint: "Tap again to send · Esc to cancel" };
  if (isPressed || !isHandsFree) return { name: "Listening", hint: "Let go to send · Esc to cancel" };
  return isEnding
    ? { name: "Done?", hint: "Sent after this pause, or speak on" }
    : { name: "I hear you", hint: "Pause to send · Esc to cancel" };
}

function deafStatus(microphone: Exclude<MicrophoneState, "armed" | "off">, canUseKeys: boolean): TalkStatus {
  switch (microphone) {
    case "muted":
      return {
        name: "Muted",
        hint: canUseKeys ? "Nothing is recorded · M to unmute" : "Nothing is recorded until you unmute",
      };
    case "denied":
      return { name: "Microphone blocked", hint: "Allow it in the browser, or type" };
    case "missing":
      return { name: "No microphone", hint: "Plug one in, or type" };
    default:
      return { name: "Microphone lost", hint: "Plug it in again, or type" };
  }
}

/** The status of this window, kept up to date. */
export function useTalkStatus(): TalkStatus {
  return talkStatus({
    phase: useStores("assistant", (state) => state.phase),
    isHandsFree: useStores("settings", ({ settings }) => settings.turnTaking.mode === "hands-free"),
    isHeld: useStores("assistant", (state) => state.isHeld),
    isLatched: useStores("assistant", (state) => state.isLatched),
    isPressed: useStores("assistant", (state) => state.isPressed),
    isEnding: useStores("assistant", (state) => state.endpoint !== null),
    microphone: useMicrophoneState(),
    canUseKeys: useStores("settings", ({ settings }) => settings.pushToTalk.spaceInWindow),
  });
}
