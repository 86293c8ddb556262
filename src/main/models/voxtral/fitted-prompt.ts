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
    const full = exchangeSize(exchange);
    const text = texts[index];
    if (text) return { full, asText: exchangeSize(text) };
    return exchange.user.some((part) => part.type === "audio") ? { full } : { full, asText: full };
  });
  const opening = bare + tokenizer.encode(prompt.instructions).length;
  const { dropped, asText } = trimming(sizes, { limit, reserve, opening, comfortable });
  const kept = exchanges.map((exchange, index) => (index < asText ? (texts[index] ?? exchange) : exchange));
  return { items: chatItems(prompt.instructions, kept.slice(dropped), tokenizer), droppedTurns: dropped };
}
