import { latencyRecordSchema, type LatencyFilter, type LatencyRecord } from "../../shared/app-contract.ts";
import type { Database, Row } from "./database.ts";

const defaultLimit = 20_000;

/** The measured turns, for the dashboard. The oldest are dropped beyond `maxRecords`. */
export class LatencyRecords {
  readonly #database: Database;
  readonly #maxRecords: number;

  constructor(database: Database, maxRecords = defaultLimit) {
    this.#database = database;
    this.#maxRecords = maxRecords;
  }

  /** Stores a record; one with the same turn id is replaced (the player's report may come late). */
  add(record: LatencyRecord): void {
    this.#database.write(() => {
      this.#database.run(
        `INSERT INTO latency (turn_id, conversation_id, at_ms, input, model, provider, is_cold, record)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (turn_id) DO UPDATE SET record = excluded.record`,
        record.turnId,
        record.conversationId,
        record.atMs,
        record.input,
        record.model,
        record.provider,
        record.isCold ? 1 : 0,
        JSON.stringify(record),
      );
      this.#database.run(
        "DELETE FROM latency WHERE row <= (SELECT row FROM latency ORDER BY row DESC LIMIT 1 OFFSET ?)",
        this.#maxRecords,
      );
    });
  }

  /** Newest first. A record that an older version wrote in a form no longer understood is left out. */
  list(filter: LatencyFilter): LatencyRecord[] {
    const rows = this.#database.all(
      `SELECT record FROM latency
       WHERE (?1 IS NULL OR model = ?1) AND (?2 IS NULL OR provider = ?2)
         AND (?3 IS NULL OR conversation_id = ?3) AND (?4 IS NULL OR is_cold = ?4)
         AND (?5 IS NULL OR input = ?5)
         AND (?6 IS NULL OR COALESCE(record ->> '$.metrics.speculation.outcome', 'none') = ?6)
       ORDER BY at_ms DESC, row DESC LIMIT ?7`,
      filter.model ?? null,
      filter.provider ?? null,
      filter.conversationId ?? null,
      filter.cold === "all" ? null : Number(filter.cold === "cold"),
      filter.input === "all" ? null : filter.input,
      filter.speculation === "all" ? null : filter.speculation,
      filter.limit,
    );
    return rows.flatMap(toRecord);
  }

  clear(): void {
    this.#database.write(() => this.#database.run("DELETE FROM latency"));
  }
}

function toRecord(row: Row): LatencyRecord[] {
  const parsed = latencyRecordSchema.safeParse(JSON.parse(String(row["record"])));
  return parsed.success ? [parsed.data] : [];
}
