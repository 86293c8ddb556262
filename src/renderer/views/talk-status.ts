import { useStores } from "../session-context.ts";

export interface TalkStatus {
  /** What is going on, in a word. */
  readonly name: string;
  /** What the person can do now. */
  readonly hint: string;
}

/** What the assistant is doing and what a press of the key would do, in words. */
export function useTalkStatus(): TalkStatus {
  const phase = useStores("assistant", (state) => state.phase);
  const isLatched = useStores("assistant", (state) => state.isLatched);
  const microphone = useStores("microphone", (state) => state.state);
  const canUseSpace = useStores("settings", ({ settings }) => settings.pushToTalk.spaceInWindow);
  switch (phase) {
    case "listening":
      return {
        name: "Listening",
        hint: isLatched ? "Tap again to send · Esc to cancel" : "Let go to send · Esc to cancel",
      };
    case "thinking":
      return { name: "Thinking", hint: "Press to stop and ask something else" };
    case "speaking":
      return { name: "Speaking", hint: "Press to stop and talk · Esc to stop" };
    default:
      if (microphone === "denied")
        return { name: "Microphone blocked", hint: "Allow it in the browser, or type" };
      if (microphone === "missing") return { name: "No microphone", hint: "Plug one in, or type" };
      if (microphone === "lost") return { name: "Microphone lost", hint: "Plug it in again, or type" };
      return {
        name: "Ready",
        hint: canUseSpace ? "Hold Space or the button and speak" : "Hold the button and speak",
      };
  }
}
