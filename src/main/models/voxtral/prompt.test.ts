import { expect, test } from "vitest";
import { golden, goldenItem, nanoDir } from "../../../../tests/support/voxtral-golden.ts";
import { readModelJson } from "../model-folder.ts";
import type { PromptTurn, UserContent } from "../services.ts";
import { beforeOpenAudio, chatItems, exchangesOf, transcriptionItems } from "./prompt.ts";
import type { ChatPrompt, PromptItem } from "./prompt.ts";
import { createTokenizer } from "./tokenizer.ts";

const tokenizer = createTokenizer(readModelJson(nanoDir, "tokenizer.json"));
const encode = tokenizer.encode;
const { eos, audio: audioId } = tokenizer.control;

/** One window of audio as ids, as in the table of prompts: `[BEGIN_AUDIO]` and 375 × `[AUDIO]`. */
const heard = (windows = 1): number[] => [25, ...Array.from({ length: 375 * windows }, () => 24)];
const speech = (samples = 16_000): UserContent => ({ type: "audio", utteranceId: "u", samples });
const text = (words: string): UserContent => ({ type: "text", text: words });
const user = (...content: UserContent[]): PromptTurn => ({ role: "user", content });

function flat(items: readonly PromptItem[]): number[] {
  return items.flatMap((item) =>
    item.type === "ids" ? item.ids : Array.from({ length: item.windows * 375 }, () => audioId),
  );
}

function chatIds(turns: readonly PromptTurn[], instructions = ""): number[] {
  const prompt: ChatPrompt = { kind: "chat", instructions, turns };
  return flat(chatItems(instructions, exchangesOf(prompt, tokenizer), tokenizer));
}

test("R1 golden prompts: speech, written question, second turn, transcription", () => {
  const hello = goldenItem("01_hello.wav");
  expect(chatIds([user(speech(hello.n_samples))])).toEqual(hello.prompt_ids);
  const [written] = golden.text_only;
  expect(chatIds([user(text(written!.question))])).toEqual(written!.prompt_ids);
  for (const { files, prompt_ids } of golden.multi_turn) {
    const [first, second] = files.map(goldenItem);
    const reply: PromptTurn = { role: "assistant", tokenIds: first!.generated_ids };
    const said: PromptTurn = { role: "assistant", text: first!.text };
    expect(chatIds([user(speech(first!.n_samples)), reply, user(speech(second!.n_samples))])).toEqual(
      prompt_ids,
    );
    expect(chatIds([user(speech()), said, user(speech())])).toEqual(prompt_ids);
  }
  const spoken = goldenItem("09_transcribe.wav");
  const task = { kind: "transcribe", utteranceId: "u", samples: spoken.n_samples } as const;
  expect(flat(transcriptionItems({ ...task, language: "en" }, tokenizer))).toEqual(spoken.prompt_ids);
  expect(flat(transcriptionItems(task, tokenizer))).toEqual([1, 3, ...heard(), 4, 34]);
});

test.each<[string, PromptTurn[], string, number[]]>([
  ["speech and text", [user(speech(), text("Hi"))], "", [1, 3, ...heard(), ...encode("Hi"), 4]],
  [
    "instructions before speech",
    [user(speech())],
    "Be brief.",
    [1, 3, ...encode("Be brief."), ...heard(), 4],
  ],
  ["instructions before text", [user(text("Hi"))], "Be brief.", [1, 3, ...encode("Be brief.\n\nHi"), 4]],
  ["two utterances in one question", [user(speech(), speech())], "", [1, 3, ...heard(), ...heard(), 4]],
  ["30.5 s in two windows under one start", [user(speech(488_000))], "", [1, 3, ...heard(2), 4]],
  ["exactly 30 s in one window", [user(speech(480_000))], "", [1, 3, ...heard(), 4]],
  ["no samples still a window", [user(speech(0))], "", [1, 3, ...heard(), 4]],
  [
    "a question whose answer was never heard joins the next",
    [user(text("Hi")), { role: "assistant", tokenIds: [] }, user(speech())],
    "",
    [1, 3, ...encode("Hi"), ...heard(), 4],
  ],
  [
    "control ids in a reply are left out",
    [user(text("Hi")), { role: "assistant", tokenIds: [3, ...encode("Yes"), 2, 4] }, user(text("Hi"))],
    "",
    [1, 3, ...encode("Hi"), 4, ...encode("Yes"), 2, 3, ...encode("Hi"), 4],
  ],
])("R1 prompt table: %s", (_case, turns, instructions, expected) => {
  expect(chatIds(turns, instructions)).toEqual(expected);
});

test.each<[string, PromptTurn[]]>([
  ["nothing", []],
  ["an empty question", [user(text(""))]],
  ["a reply last", [user(text("Hi")), { role: "assistant", text: "Yes" }]],
  ["a reply first", [{ role: "assistant", text: "Yes" }, user(text("Hi"))]],
])("R64 a conversation of %s is refused", (_case, turns) => {
  expect(() => chatIds(turns)).toThrow(expect.objectContaining({ code: "bad-input" }));
});

test("R64 a language that is none is refused", () => {
  const task = { kind: "transcribe", utteranceId: "u", samples: 1, language: "[INST]" } as const;
  expect(() => transcriptionItems(task, tokenizer)).toThrow(expect.objectContaining({ code: "bad-input" }));
});

test("R42 what is known before the speech ends: everything before its audio", () => {
  const items = (turns: readonly PromptTurn[]) =>
    chatItems("", exchangesOf({ kind: "chat", instructions: "", turns }, tokenizer), tokenizer);
  const reply: PromptTurn = { role: "assistant", text: "Yes" };
  expect(flat(beforeOpenAudio(items([user(speech())]), eos))).toEqual([1, 3, 25]);
  const second = [1, 3, ...heard(), 4, ...encode("Yes"), 2, 3];
  expect(flat(beforeOpenAudio(items([user(speech()), reply, user(speech())]), eos))).toEqual([...second, 25]);
  expect(flat(beforeOpenAudio(items([user(speech()), reply, user(text("Hi"))]), eos))).toEqual([
    ...second,
    ...encode("Hi"),
    4,
  ]);
});
