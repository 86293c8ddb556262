import type { RememberedTurn } from "../assistant/prompt-history.ts";
import type { StoredReply } from "../storage/history.ts";

/**
 * Stored turns as a model should remember them. Ids of the same model are used as they are, so that the reply is exactly
 * what was generated; other replies go in as text. A question whose words were never written down is left out, and so
 * is one that got no answer.
 */
export function restoredTurns(stored: readonly StoredReply[], model: string): RememberedTurn[] {
  return stored.flatMap(({ turn, tokenIds, model: itsModel }) => {
    if (!turn.userText || turn.reply === "") return [];
    const reply = itsModel === model && tokenIds.length > 0 ? { tokenIds } : { text: turn.reply };
    return [{ turnId: turn.id, content: [{ type: "text" as const, text: turn.userText }], reply }];
  });
}
