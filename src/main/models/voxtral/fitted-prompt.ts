import type { Prompt } from "../services.ts";
import { trimming } from "./context-budget.ts";
import { chatItems, exchangesOf, inWords, positionCount, transcriptionItems } from "./prompt.ts";
import type { Exchange, PromptItem } from "./prompt.ts";
import type { VoxtralTokenizer } from "./tokenizer.ts";

/** What decides how much of a conversation is kept. */
export interface PromptFrame {
  readonly tokenizer: VoxtralTokenizer;
  /** Positions of 30 s of audio. */
  readonly windowPositions: number;
  /** Positions of the model's context. */
  readonly limit: number;
  /** See ContextBudget. */
  readonly comfortable: number;
  /** Positions kept free for the reply. */
  readonly reserve: number;
}

/**
 * A prompt's items, without what no longer fits: old speech as words, then whole old exchanges left out.
 * Throws AppError context-full, and bad-input as `exchangesOf` and `transcriptionItems`.
 */
export function fittedPrompt(
  prompt: Prompt,
  { tokenizer, windowPositions, limit, comfortable, reserve }: PromptFrame,
): { readonly items: readonly PromptItem[]; readonly droppedTurns: number } {
  const sizeOf = (items: readonly PromptItem[]): number => positionCount(items, windowPositions);
  if (prompt.kind === "transcribe") {
    const items = transcriptionItems(prompt, tokenizer);
    trimming([{ full: sizeOf(items) }], { limit, reserve: 0, opening: 0, comfortable: limit });
    return { items, droppedTurns: 0 };
  }
  const exchanges = exchangesOf(prompt, tokenizer);
  const bare = sizeOf(chatItems("", [], tokenizer));
  const exchangeSize = (exchange: Exchange): number => sizeOf(chatItems("", [exchange], tokenizer)) - bare;
  const texts = exchanges.map(inWords);
  const sizes = exchanges.map((exchange, index) => {
    const text = texts[index];
    return { full: exchangeSize(exchange), asText: text && exchangeSize(text) };
  });
  const opening = bare + tokenizer.encode(prompt.instructions).length;
  const budget = { limit, reserve, opening, comfortable: prompt.staysBrief ? comfortable : limit };
  const { dropped, asText } = trimming(sizes, budget);
  const kept = exchanges.map((exchange, index) => (index < asText ? (texts[index] ?? exchange) : exchange));
  return { items: chatItems(prompt.instructions, kept.slice(dropped), tokenizer), droppedTurns: dropped };
}
