import { z } from "zod";
import { SETTINGS_VERSION, settingsSchema, type Settings } from "../../shared/settings.ts";

type Raw = Record<string, unknown>;

/** Step n takes the contents of version n to version n + 1. Version 0 is a file without a version. */
const steps: readonly ((raw: Raw) => Raw)[] = [(raw) => raw];

export interface ReadSettings {
  readonly settings: Settings;
  /** Names of fields, such as `voice.speed`, whose values were refused and fell back to their defaults. */
  readonly refused: readonly string[];
  /** The file is of a newer version: what this version understands was taken over. */
  readonly isNewer: boolean;
}

/**
 * Makes settings of whatever a file held. A wrong field costs itself only. Throws a ZodError when `contents` is not an
 * object at all.
 */
export function migrateSettings(contents: unknown): ReadSettings {
  let raw: Raw = z.record(z.string(), z.unknown()).parse(contents);
  const version = z.number().int().nonnegative().catch(0).parse(raw["version"]);
  for (const step of steps.slice(version)) raw = step(raw);
  raw = { ...structuredClone(raw), version: SETTINGS_VERSION };
  const refused: string[] = [];
  for (;;) {
    const result = settingsSchema.safeParse(raw);
    if (result.success) return { settings: result.data, refused, isNewer: version > SETTINGS_VERSION };
    for (const { path } of result.error.issues) {
      refused.push(path.join("."));
      drop(raw, path);
    }
  }
}

/** Removes the field an issue names, or its whole group when the group itself is wrong. */
function drop(raw: Raw, [group, field]: readonly PropertyKey[]): void {
  const fields = raw[String(group)];
  if (field !== undefined && isRecord(fields)) delete fields[String(field)];
  else delete raw[String(group)];
}

function isRecord(value: unknown): value is Raw {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
