import { randomUUID } from "node:crypto";
import type { ConversationRecord, ConversationSummary, StoredTurn } from "../../shared/app-contract.ts";
import { LISTEN_RATE_HZ } from "../../shared/audio.ts";
import type { Clock } from "../../shared/clock.ts";
import { AppError } from "../../shared/errors.ts";
import { fromInt16Bytes, fromInt32Bytes, toInt16Bytes, toInt32Bytes } from "./blobs.ts";
import type { Database, Row } from "./database.ts";
import { toSummary, toTurn } from "./rows.ts";
import { matchMarks, toLikePattern, toMatchQuery } from "./search.ts";

export interface NewTurn extends Omit<StoredTurn, "index"> {
  /** Ids of `reply` as far as it was heard; empty when only the text is known. */
  readonly tokenIds: readonly number[];
  /** The model whose ids they are: another one has other ids. */
  readonly model: string | null;
  /** The question as recorded, 16 kHz mono; null for typed ones. */
  readonly userAudio: Float32Array | null;
  /** A turn whose place this one takes (regenerated); everything said after it goes with it. */
  readonly replaces?: string | undefined;
}

export interface StoredReply {
  readonly turn: StoredTurn;
  readonly tokenIds: readonly number[];
  readonly model: string | null;
}

/** Recordings longer than this are not kept: 5 minutes are 9.6 MB. */
const maxAudioSamples = 5 * 60 * LISTEN_RATE_HZ;
/** All recordings together; the oldest go first. */
const maxAudioBytes = 256 * 1024 * 1024;

const untitled = "New conversation";
const previewCharacters = 120;
const titleCharacters = 60;

const summaryColumns = `
  c.id, c.created_at_ms, c.updated_at_ms,
  coalesce(c.title, substr(coalesce(
    (SELECT nullif(trim(user_text), '') FROM turns WHERE conversation_id = c.id
       AND user_text IS NOT NULL ORDER BY position LIMIT 1),
    (SELECT nullif(trim(reply), '') FROM turns WHERE conversation_id = c.id ORDER BY position LIMIT 1)
  ), 1, ${titleCharacters}), '${untitled}') AS title,
  (SELECT count(*) FROM turns WHERE conversation_id = c.id) AS turn_count`;

const newestReply = `substr(coalesce((SELECT reply FROM turns WHERE conversation_id = c.id
  ORDER BY position DESC LIMIT 1), ''), 1, ${previewCharacters})`;

/** Conversations and their turns. Methods throw AppError: `bad-input` for an unknown id, `storage` for the disk. */
export class History {
  readonly #database: Database;
  readonly #clock: Clock;

  constructor(database: Database, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  /** Newest first; conversations in which nothing was said are left out. An empty query finds all. */
  list(page: { query: string; limit: number; offset: number }): {
    conversations: ConversationSummary[];
    total: number;
  } {
    const query = page.query.trim();
    if (query !== "") return this.#search(query, page);
    const said = "EXISTS (SELECT 1 FROM turns WHERE conversation_id = c.id)";
    const rows = this.#database.all(
      `SELECT ${summaryColumns}, ${newestReply} AS preview FROM conversations c
       WHERE ${said} ORDER BY c.updated_at_ms DESC, c.id LIMIT ? OFFSET ?`,
      page.limit,
      page.offset,
    );
    const total = this.#database.get(`SELECT count(*) AS n FROM conversations c WHERE ${said}`);
    return { conversations: rows.map(toSummary), total: Number(total?.["n"] ?? 0) };
  }

  create(): ConversationRecord {
    const id = randomUUID();
    const nowMs = this.#clock.nowMs();
    this.#database.write(() => {
      this.#database.run(
        "DELETE FROM conversations WHERE NOT EXISTS (SELECT 1 FROM turns WHERE conversation_id = conversations.id)",
      );
      this.#database.run("INSERT INTO conversations VALUES (?, NULL, ?, ?)", id, nowMs, nowMs);
    });
    return this.open(id);
  }

  open(id: string): ConversationRecord {
    const rows = this.#database.all("SELECT * FROM turns WHERE conversation_id = ? ORDER BY position", id);
    return { summary: this.#summary(id), turns: rows.map(toTurn) };
  }

  has(id: string): boolean {
    return this.#database.get("SELECT 1 FROM conversations WHERE id = ?", id) !== undefined;
  }

  /** The conversation something was last said in, or null. */
  newest(): ConversationRecord | null {
    const [summary] = this.list({ query: "", limit: 1, offset: 0 }).conversations;
    return summary ? this.open(summary.id) : null;
  }

  rename(id: string, title: string): ConversationSummary {
    this.#database.write(() =>
      this.#database.run("UPDATE conversations SET title = ? WHERE id = ?", title.trim() || null, id),
    );
    return this.#summary(id);
  }

  /** Deleting what is not there is no error: two windows may ask for it. */
  delete(id: string): void {
    this.#database.write(() => this.#database.run("DELETE FROM conversations WHERE id = ?", id));
  }

  /** Appends a finished turn, or puts it in the place of the one it replaces. Begins the conversation if need be. */
  addTurn(turn: NewTurn): StoredTurn {
    this.#database.write(() => this.#insert(turn));
    return this.turn(turn.id).turn;
  }

  turn(id: string): StoredReply {
    const row = this.#database.get("SELECT * FROM turns WHERE id = ?", id);
    if (!row) throw new AppError("bad-input", "This turn is not in the history (it may have been deleted).");
    return toReply(row);
  }

  /** All turns of a conversation with the ids of their replies: what a prompt is built from. */
  replies(conversationId: string): StoredReply[] {
    const rows = this.#database.all(
      "SELECT * FROM turns WHERE conversation_id = ? ORDER BY position",
      conversationId,
    );
    return rows.map(toReply);
  }

  /** Stores what the user turned out to have said. False when the turn is gone. */
  setUserText(turnId: string, text: string): boolean {
    return (
      this.#database.write(() =>
        this.#database.run("UPDATE turns SET user_text = ? WHERE id = ?", text, turnId),
      ) > 0
    );
  }

  /** 16 kHz mono samples of the question, or null when they were not kept. */
  userAudio(turnId: string): Float32Array | null {
    const row = this.#database.get(
      "SELECT pcm FROM user_audio JOIN turns ON row = turn_row WHERE id = ?",
      turnId,
    );
    return row ? fromInt16Bytes(bytes(row["pcm"])) : null;
  }

  #summary(id: string): ConversationSummary {
    const row = this.#database.get(
      `SELECT ${summaryColumns}, ${newestReply} AS preview FROM conversations c WHERE c.id = ?`,
      id,
    );
    if (!row)
      throw new AppError("bad-input", "This conversation is not in the history (it may have been deleted).");
    return toSummary(row);
  }

  #search(query: string, { limit, offset }: { limit: number; offset: number }): ReturnType<History["list"]> {
    const match = toMatchQuery(query);
    const found = match
      ? `SELECT conversation_id, rank, snippet(turn_search, -1, '${matchMarks.start}', '${matchMarks.end}', '…', 16) AS preview
         FROM turn_search JOIN turns ON turns.row = turn_search.rowid WHERE turn_search MATCH ?`
      : "SELECT NULL AS conversation_id, NULL AS rank, NULL AS preview WHERE ? IS NULL";
    // One row a conversation: its best turn (bare columns follow min), or nothing but its title.
    const from = `
      WITH found AS MATERIALIZED (${found}),
        best AS (SELECT conversation_id, preview, min(rank) FROM found GROUP BY conversation_id),
        candidates AS (
          SELECT ${summaryColumns}, coalesce(best.preview, ${newestReply}) AS preview,
            best.conversation_id IS NOT NULL AS is_match
          FROM conversations c LEFT JOIN best ON best.conversation_id = c.id)
      SELECT * FROM candidates WHERE is_match OR (turn_count > 0 AND title LIKE ? ESCAPE '\\')`;
    const parameters = [match ?? "", toLikePattern(query)];
    const rows = this.#database.all(
      `${from} ORDER BY updated_at_ms DESC, id LIMIT ? OFFSET ?`,
      ...parameters,
      limit,
      offset,
    );
    const total = this.#database.get(`SELECT count(*) AS n FROM (${from})`, ...parameters);
    return { conversations: rows.map(toSummary), total: Number(total?.["n"] ?? 0) };
  }

  #insert(turn: NewTurn): void {
    const nowMs = this.#clock.nowMs();
    this.#database.run(
      `INSERT INTO conversations VALUES (?, NULL, ?, ?)
       ON CONFLICT (id) DO UPDATE SET updated_at_ms = excluded.updated_at_ms`,
      turn.conversationId,
      turn.createdAtMs,
      nowMs,
    );
    if (turn.replaces !== undefined) {
      this.#database.run(
        `DELETE FROM turns WHERE conversation_id = ?1
           AND position >= (SELECT position FROM turns WHERE id = ?2 AND conversation_id = ?1)`,
        turn.conversationId,
        turn.replaces,
      );
    }
    this.#database.run(
      `INSERT INTO turns (id, conversation_id, position, created_at_ms, input, user_text, user_audio_ms, reply,
         token_ids, outcome, error_message, voice, model)
       VALUES (?1, ?2, (SELECT coalesce(max(position) + 1, 0) FROM turns WHERE conversation_id = ?2),
         ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)`,
      turn.id,
      turn.conversationId,
      turn.createdAtMs,
      turn.input,
      turn.userText,
      turn.userAudioMs,
      turn.reply,
      toInt32Bytes(turn.tokenIds),
      turn.outcome,
      turn.errorMessage,
      turn.voice,
      turn.model,
    );
    if (turn.userAudio && turn.userAudio.length <= maxAudioSamples) this.#keepAudio(turn.id, turn.userAudio);
  }

  #keepAudio(turnId: string, samples: Float32Array): void {
    const pcm = toInt16Bytes(samples);
    this.#database.run("INSERT INTO user_audio SELECT row, ?2 FROM turns WHERE id = ?1", turnId, pcm);
    // Sums from the newest backwards; what lies beyond the budget is the oldest.
    this.#database.run(
      `DELETE FROM user_audio WHERE turn_row IN (SELECT turn_row FROM (SELECT turn_row,
         sum(length(pcm)) OVER (ORDER BY turn_row DESC) AS total FROM user_audio) WHERE total > ?)`,
      maxAudioBytes,
    );
  }
}

function toReply(row: Row): StoredReply {
  const model = row["model"];
  return {
    turn: toTurn(row),
    tokenIds: fromInt32Bytes(bytes(row["token_ids"])),
    model: typeof model === "string" ? model : null,
  };
}

function bytes(value: unknown): Uint8Array {
  return value instanceof Uint8Array ? value : new Uint8Array();
}
