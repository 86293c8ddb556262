import type { Row } from "./database.ts";
import {
  conversationSummarySchema,
  storedTurnSchema,
  type ConversationSummary,
  type StoredTurn,
} from "../../shared/app-contract.ts";

/** A row of `summaryColumns` as the contract has it. */
export function toSummary(row: Row): ConversationSummary {
  return conversationSummarySchema.parse({
    id: row["id"],
    title: row["title"],
    createdAtMs: row["created_at_ms"],
    updatedAtMs: row["updated_at_ms"],
    turnCount: row["turn_count"],
    preview: row["preview"],
  });
}

/** A row of the table `turns` as the contract has it. */
export function toTurn(row: Row): StoredTurn {
  return storedTurnSchema.parse({
    id: row["id"],
    conversationId: row["conversation_id"],
    index: row["position"],
    createdAtMs: row["created_at_ms"],
    input: row["input"],
    userText: row["user_text"],
    userAudioMs: row["user_audio_ms"],
    reply: row["reply"],
    outcome: row["outcome"],
    errorMessage: row["error_message"],
    voice: row["voice"],
  });
}
