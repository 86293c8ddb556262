import type { ConversationRecord, StoredTurn } from "../../shared/app-contract.ts";
import type { LiveTurn } from "./live-turn.ts";

/** Pure changes of the open conversation, as the engine's events ask for them. */

/** A live turn in the form of the history, so that both are shown by the same component. */
export function asStoredTurn(turn: LiveTurn, index: number, createdAtMs: number): StoredTurn {
  return {
    id: turn.turnId,
    conversationId: turn.conversationId,
    index,
    createdAtMs,
    input: turn.input,
    userText: turn.userText,
    userAudioMs: turn.userAudioMs,
    reply: turn.reply,
    outcome: turn.outcome ?? "completed",
    errorMessage: turn.errorMessage,
    voice: turn.voice,
  };
}

/** Adds a finished turn, or updates it when the history has it already. */
export function withTurn(record: ConversationRecord, turn: LiveTurn, nowMs: number): ConversationRecord {
  if (record.summary.id !== turn.conversationId) return record;
  const known = record.turns.find(({ id }) => id === turn.turnId);
  const stored = asStoredTurn(turn, known?.index ?? record.turns.length, known?.createdAtMs ?? nowMs);
  const merged = { ...stored, userText: stored.userText ?? known?.userText ?? null };
  return {
    ...record,
    turns: known
      ? record.turns.map((other) => (other.id === turn.turnId ? merged : other))
      : [...record.turns, merged],
  };
}

export function withoutTurn(record: ConversationRecord, turnId: string): ConversationRecord {
  return { ...record, turns: record.turns.filter(({ id }) => id !== turnId) };
}

export function withTranscript(record: ConversationRecord, turnId: string, text: string): ConversationRecord {
  return {
    ...record,
    turns: record.turns.map((turn) => (turn.id === turnId ? { ...turn, userText: text } : turn)),
  };
}
