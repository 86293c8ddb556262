import { AppError } from "../../../shared/errors.ts";
import type { Prompt, PromptTurn, UserContent } from "../services.ts";
import type { VoxtralTokenizer } from "./tokenizer.ts";

/** A 30 s window of 16 kHz audio (preprocessor_config.json `n_samples`). */
export const WINDOW_SAMPLES = 480_000;

/** A stretch of the prompt: ids, or the audio of one utterance of this length (`windows` × positions of a window). */
export type PromptItem =
  | { readonly type: "ids"; readonly ids: readonly number[] }
  | {
      readonly type: "audio";
      readonly utteranceId: string;
      readonly samples: number;
      readonly windows: number;
    };

export type ChatPrompt = Extract<Prompt, { kind: "chat" }>;

/** One question and, but for the last, its reply: what the context budget drops as a whole. */
export interface Exchange {
  readonly user: readonly UserContent[];
  /** Absent for the question that is to be answered. */
  readonly reply?: readonly number[];
}

/** 30 s windows of an utterance: even the shortest has one. */
export function windowsOf(samples: number): number {
  return Math.max(1, Math.ceil(samples / WINDOW_SAMPLES));
}

/**
 * Checks a conversation and groups it. Questions that were never answered (nothing of the reply was heard) join the
 * next one, as mistral_common joins messages of one role.
 * Throws AppError bad-input when the last turn is not a user's, a question is empty, or an id is not text.
 */
export function exchangesOf(prompt: ChatPrompt, tokenizer: VoxtralTokenizer): readonly Exchange[] {
  const exchanges: Exchange[] = [];
  let open: UserContent[] = [];
  for (const turn of prompt.turns) {
    if (turn.role === "user") {
      open.push(...turn.content);
      continue;
    }
    const reply = replyIds(turn, tokenizer);
    if (reply.length === 0) continue;
    if (open.length === 0) throw badPrompt("A reply has no question before it.");
    exchanges.push({ user: open, reply });
    open = [];
  }
  if (prompt.turns.at(-1)?.role !== "user" || !open.some(hasContent)) {
    throw badPrompt("The conversation must end with a question.");
  }
  return [...exchanges, { user: open }];
}

/** The exchange with its speech replaced by what was said; undefined when it has none, or its words are not known. */
export function inWords({ user, ...rest }: Exchange): Exchange | undefined {
  if (!user.some((part) => part.type === "audio")) return undefined;
  const words = user.map((part): UserContent | undefined => {
    if (part.type === "text") return part;
    return part.transcript ? { type: "text", text: part.transcript } : undefined;
  });
  const known = words.filter((part) => part !== undefined);
  return known.length === user.length ? { ...rest, user: known } : undefined;
}

function hasContent(content: UserContent): boolean {
  return content.type === "audio" || content.text !== "";
}

function replyIds(
  turn: Extract<PromptTurn, { role: "assistant" }>,
  tokenizer: VoxtralTokenizer,
): readonly number[] {
  if ("text" in turn) return tokenizer.encode(turn.text);
  // Control ids that a model may have produced end here: they must not steer the next turn.
  return turn.tokenIds.filter((id) => tokenizer.isText(id));
}

/**
 * `<s>` `[INST]` question `[/INST]` reply `</s>` `[INST]` … without anything in between. Instructions go as text before
 * the first question, because Voxtral refuses system messages together with audio (mistral_common, tokenizer v7).
 */
export function chatItems(
  instructions: string,
  exchanges: readonly Exchange[],
  tokenizer: VoxtralTokenizer,
): readonly PromptItem[] {
  const { control } = tokenizer;
  const items: PromptItem[] = [ids(control.bos)];
  for (const [index, { user, reply }] of exchanges.entries()) {
    items.push(ids(control.instructionStart));
    items.push(...contentItems(index === 0 ? withInstructions(instructions, user) : user, tokenizer));
    items.push(ids(control.instructionEnd));
    if (reply) items.push(ids(...reply, control.eos));
  }
  return items;
}

/** `<s>` `[INST]` audio `[/INST]` [`lang:xx`] `[TRANSCRIBE]`. Throws AppError bad-input for a malformed language. */
export function transcriptionItems(
  prompt: Extract<Prompt, { kind: "transcribe" }>,
  tokenizer: VoxtralTokenizer,
): readonly PromptItem[] {
  const { control } = tokenizer;
  const { language } = prompt;
  if (language !== undefined && !/^[a-z]{2}$/.test(language)) {
    throw new AppError("bad-input", `"${language}" is not a two-letter language code such as "en".`);
  }
  return [
    ids(control.bos, control.instructionStart, control.audioStart),
    audio(prompt.utteranceId, prompt.samples),
    ids(control.instructionEnd),
    ids(...(language === undefined ? [] : tokenizer.encode(`lang:${language}`)), control.transcribe),
  ];
}

/** Positions the items take, with `windowPositions` for each 30 s of audio (375 in every known Voxtral). */
export function positionCount(items: readonly PromptItem[], windowPositions: number): number {
  return items.reduce(
    (sum, item) => sum + (item.type === "ids" ? item.ids.length : item.windows * windowPositions),
    0,
  );
}

/**
 * The part of a prompt before the audio of its last question: all that is known while that is still being spoken. The
 * whole prompt when the last question has none. `eos` ends a reply and so tells older audio apart.
 */
export function beforeOpenAudio(items: readonly PromptItem[], eos: number): readonly PromptItem[] {
  const last = items.findLastIndex((item) => item.type === "audio");
  const isAnswered = items.slice(last + 1).some((item) => item.type === "ids" && item.ids.at(-1) === eos);
  return last < 0 || isAnswered ? items : items.slice(0, last);
}

function contentItems(content: readonly UserContent[], tokenizer: VoxtralTokenizer): readonly PromptItem[] {
  return joinedTexts(content).flatMap((part): PromptItem[] =>
    part.type === "text"
      ? [ids(...tokenizer.encode(part.text))]
      : [ids(tokenizer.control.audioStart), audio(part.utteranceId, part.samples)],
  );
}

/** Texts that follow each other become one, a blank line apart (the join of Mistral's own templates). */
function joinedTexts(content: readonly UserContent[]): readonly UserContent[] {
  const parts: UserContent[] = [];
  for (const part of content) {
    const previous = parts.at(-1);
    if (part.type === "text" && previous?.type === "text") {
      parts[parts.length - 1] = { type: "text", text: `${previous.text}\n\n${part.text}` };
    } else if (hasContent(part)) {
      parts.push(part);
    }
  }
  return parts;
}

function withInstructions(instructions: string, content: readonly UserContent[]): readonly UserContent[] {
  return instructions === "" ? content : [{ type: "text", text: instructions }, ...content];
}

function ids(...values: readonly number[]): PromptItem {
  return { type: "ids", ids: values };
}

function audio(utteranceId: string, samples: number): PromptItem {
  return { type: "audio", utteranceId, samples, windows: windowsOf(samples) };
}

function badPrompt(message: string): AppError {
  return new AppError("bad-input", message);
}
