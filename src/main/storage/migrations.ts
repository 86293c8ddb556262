/**
 * The database's schema as a list of steps: step n takes a file from `user_version` n to n + 1. A step that has been
 * released is never edited; a change is a new step.
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

  CREATE TABLE conversations (
    id TEXT PRIMARY KEY,
    title TEXT, -- null until the person gives one: then it is derived from the first turn
    created_at_ms REAL NOT NULL,
    updated_at_ms REAL NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX conversations_by_update ON conversations (updated_at_ms);

  CREATE TABLE turns (
    row INTEGER PRIMARY KEY, -- the full-text index refers to it, so it must survive a VACUUM
    id TEXT NOT NULL UNIQUE,
    conversation_id TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    created_at_ms REAL NOT NULL,
    input TEXT NOT NULL CHECK (input IN ('voice', 'text')),
    user_text TEXT,
    user_audio_ms REAL,
    reply TEXT NOT NULL,
    token_ids BLOB NOT NULL, -- int32, little endian
    model TEXT, -- whose ids they are
    outcome TEXT NOT NULL CHECK (outcome IN ('completed', 'interrupted', 'failed')),
    error_message TEXT,
    voice TEXT,
    UNIQUE (conversation_id, position)
  ) STRICT;

  CREATE TABLE user_audio (
    turn_row INTEGER PRIMARY KEY REFERENCES turns (row) ON DELETE CASCADE,
    pcm BLOB NOT NULL -- 16 kHz mono int16, little endian
  ) STRICT;

  CREATE VIRTUAL TABLE turn_search USING fts5 (
    user_text, reply, content = 'turns', content_rowid = 'row',
    tokenize = "unicode61 remove_diacritics 2 categories 'L* N* Co Mn Mc'" -- marks belong to words in Hindi
  );
  CREATE TRIGGER turns_inserted AFTER INSERT ON turns BEGIN
    INSERT INTO turn_search (rowid, user_text, reply) VALUES (new.row, new.user_text, new.reply);
  END;
  CREATE TRIGGER turns_deleted AFTER DELETE ON turns BEGIN
    INSERT INTO turn_search (turn_search, rowid, user_text, reply)
      VALUES ('delete', old.row, old.user_text, old.reply);
  END;
  CREATE TRIGGER turns_updated AFTER UPDATE OF user_text, reply ON turns BEGIN
    INSERT INTO turn_search (turn_search, rowid, user_text, reply)
      VALUES ('delete', old.row, old.user_text, old.reply);
    INSERT INTO turn_search (rowid, user_text, reply) VALUES (new.row, new.user_text, new.reply);
  END;

  CREATE TABLE latency (
    row INTEGER PRIMARY KEY,
    turn_id TEXT NOT NULL UNIQUE,
    conversation_id TEXT NOT NULL,
    at_ms REAL NOT NULL,
    input TEXT NOT NULL,
    model TEXT NOT NULL,
    provider TEXT NOT NULL,
    is_cold INTEGER NOT NULL,
    record TEXT NOT NULL -- LatencyRecord as JSON
  ) STRICT;
  CREATE INDEX latency_by_time ON latency (at_ms);
  CREATE INDEX latency_by_conversation ON latency (conversation_id);
  `,
];

/** Tables in an order that satisfies their references: what is copied when a failing disk forces us into memory. */
export const copiedTables = ["conversations", "turns", "latency"] as const;
