import { z } from "zod";

/** Raised whenever a stored file needs `migrateSettings` (src/main/storage/settings-file.ts) to be read. */
export const SETTINGS_VERSION = 1;

/** Everything a person can set. Each field has a default, so `settingsSchema.parse({})` is a fresh install. */
export const settingsSchema = z.object({
  version: z.literal(SETTINGS_VERSION).default(SETTINGS_VERSION),
  appearance: z
    .object({
      theme: z.enum(["system", "light", "dark"]).default("system"),
      motion: z.enum(["system", "full", "reduced"]).default("system"),
      captions: z.boolean().default(true),
      tokenOverlay: z.boolean().default(true),
      earcons: z.boolean().default(true),
    })
    .prefault({}),
  audio: z
    .object({
      /** Device id of the browser, or "default" to follow the system. */
      inputDeviceId: z.string().max(512).default("default"),
      outputDeviceId: z.string().max(512).default("default"),
      /** Kept before the key goes down (R12). */
      preRollMs: z.number().int().min(0).max(2000).default(300),
      /** Kept after the key goes up: people let go on the last syllable. */
      tailMs: z.number().int().min(0).max(500).default(0),
      echoCancellation: z.boolean().default(true),
      noiseSuppression: z.boolean().default(false),
      volume: z.number().min(0).max(1).default(1),
    })
    .prefault({}),
  pushToTalk: z
    .object({
      /** Accelerator in Electron's notation, for the whole desktop. Empty for none. */
      globalKey: z.string().max(64).default("F9"),
      /** A press shorter than this is a tap (start/stop), a longer one is a hold. */
      tapMs: z.number().int().min(80).max(1000).default(250),
      spaceInWindow: z.boolean().default(true),
    })
    .prefault({}),
  voice: z
    .object({
      id: z.string().max(64).default("af_heart"),
      speed: z.number().min(0.5).max(2).default(1),
    })
    .prefault({}),
  assistant: z
    .object({
      instructions: z.string().max(4000).default(""),
      maxNewTokens: z.number().int().min(16).max(4096).default(512),
      /** 0 is greedy. */
      temperature: z.number().min(0).max(2).default(0),
      topP: z.number().min(0).max(1).default(0.95),
      transcribeUser: z.boolean().default(true),
    })
    .prefault({}),
  models: z
    .object({
      /** Catalogue id or a folder. */
      active: z.string().max(4096).default("nano"),
      provider: z.enum(["auto", "cpu", "webgpu", "cuda", "tensorrt", "dml", "coreml"]).default("auto"),
      threads: z.number().int().min(0).max(64).default(0),
    })
    .prefault({}),
  data: z
    .object({
      keepHistory: z.boolean().default(true),
      keepLatencyRecords: z.boolean().default(true),
    })
    .prefault({}),
});

export type Settings = z.infer<typeof settingsSchema>;

export function defaultSettings(): Settings {
  return settingsSchema.parse({});
}

type DeepPartial<T> = T extends object ? { [K in keyof T]?: DeepPartial<T[K]> } : T;
/** A change: any subset of the groups, any subset of their fields. */
export type SettingsPatch = DeepPartial<Omit<Settings, "version">>;

/** Applies a patch group by group and validates the result; throws a ZodError that names the wrong field. */
export function applySettingsPatch(settings: Settings, patch: SettingsPatch): Settings {
  const merged: Record<string, unknown> = { ...settings };
  for (const [group, fields] of Object.entries(patch)) {
    merged[group] = { ...Object(merged[group]), ...fields };
  }
  return settingsSchema.parse(merged);
}
