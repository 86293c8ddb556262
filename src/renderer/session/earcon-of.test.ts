import { expect, test } from "vitest";
import type { AssistantState } from "../../shared/app-contract.ts";
import { earconOf } from "./earcon-of.ts";

type Change = Partial<AssistantState>;

function state(change: Change): AssistantState {
  return {
    phase: "idle",
    conversationId: "c",
    turnId: null,
    utteranceId: null,
    isMuted: false,
    isHeld: false,
    ...change,
  };
}

const answer = { phase: "speaking", turnId: "t" } as const;

test.each<[string, Change, Change, string | null]>([
  ["a question begins", {}, { phase: "listening" }, "listen"],
  ["a question begins over the answer", answer, { phase: "listening" }, "listen"],
  ["the question is taken", { phase: "listening" }, { phase: "thinking", turnId: "t" }, "sent"],
  ["the question is taken back", { phase: "listening" }, {}, null],
  ["the answer holds its breath", answer, { ...answer, isHeld: true }, null],
  ["the answer goes on", { ...answer, isHeld: true }, answer, "resumed"],
  ["the held answer was interrupted", { ...answer, isHeld: true }, { phase: "listening" }, "listen"],
  ["the held answer was stopped", { ...answer, isHeld: true }, {}, null],
  ["another answer follows a held one", { ...answer, isHeld: true }, { ...answer, turnId: "u" }, null],
  ["muted", {}, { isMuted: true }, "muted"],
  ["muted in the middle of a question", { phase: "listening" }, { isMuted: true }, "muted"],
  ["unmuted", { isMuted: true }, {}, "unmuted"],
  ["nothing that is heard", { phase: "thinking", turnId: "t" }, answer, null],
])("R26 %s", (_, before, after, earcon) => {
  expect(earconOf(state(before), state(after))).toBe(earcon);
});
