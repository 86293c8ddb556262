import { describe, expect, test } from "vitest";
import { talkStatus, type TalkSituation } from "./talk-status.ts";

const ready: TalkSituation = {
  phase: "idle",
  isHandsFree: false,
  isHeld: false,
  isLatched: false,
  isPressed: false,
  isEnding: false,
  microphone: "armed",
  canUseKeys: true,
};
const handsFree: TalkSituation = { ...ready, isHandsFree: true };

describe("talkStatus", () => {
  test.each<[string, TalkSituation, string, RegExp]>([
    ["R11 at rest", ready, "Ready", /Hold Space/],
    ["R11 at rest without keys", { ...ready, canUseKeys: false }, "Ready", /^Hold the button/],
    ["R11 held", { ...ready, phase: "listening", isPressed: true }, "Listening", /Let go/],
    ["R11 tapped", { ...ready, phase: "listening", isLatched: true }, "Listening", /Tap again/],
    ["R13 at rest", handsFree, "Listening for you", /Just speak/],
    ["R13 without a microphone", { ...handsFree, microphone: "off" }, "Microphone off", /Turn it on/],
    ["R13 voice", { ...handsFree, phase: "listening" }, "I hear you", /Pause to send/],
    ["R13 a pause", { ...handsFree, phase: "listening", isEnding: true }, "Done?", /speak on/],
    [
      "R13 a key that took over",
      { ...handsFree, phase: "listening", isPressed: true },
      "Listening",
      /Let go/,
    ],
    ["R13 held", { ...handsFree, phase: "speaking", isHeld: true }, "Was that for me?", /On hold/],
    ["R13 speaking", { ...handsFree, phase: "speaking" }, "Speaking", /Speak to interrupt/],
    ["R13 muted", { ...handsFree, microphone: "muted" }, "Muted", /M to unmute/],
    ["R13 muted without keys", { ...handsFree, microphone: "muted", canUseKeys: false }, "Muted", /until/],
    ["R13 muted, while it speaks", { ...ready, phase: "speaking", microphone: "muted" }, "Speaking", /Press/],
    ["R62 unplugged", { ...handsFree, microphone: "lost" }, "Microphone lost", /Plug it in/],
  ])("%s", (_, situation, name, hint) => {
    const status = talkStatus(situation);
    expect(status.name).toBe(name);
    expect(status.hint).toMatch(hint);
  });

  test("R26 every state has words of its own, so that a screen reader tells them apart", () => {
    const phases = ["idle", "listening", "thinking", "speaking"] as const;
    const names = phases.map((phase) => talkStatus({ ...handsFree, phase }).name);
    expect(new Set([...names, talkStatus({ ...handsFree, phase: "speaking", isHeld: true }).name]).size).toBe(
      5,
    );
  });
});
