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
  turnTaking: z
    .object({
      /** Hands-free: speech itself begins and ends a question (R13). */
      mode: z.enum(["push-to-talk", "hands-free"]).default("push-to-talk"),
      /** Answers are prepared during pauses, before the key is up (R42). */
      speculate: z.boolean().default(true),
      /** Speech probability from which on a sound counts as voice. */
      speechThreshold: z.number().min(0.1).max(0.95).default(0.5),
      /** Voice shorter than this is no speech. */
      minSpeechMs: z.number().int().min(32).max(1000).default(96),
      /** The pause that ends a question lies between these, adapted to the speaker. */
      minEndPauseMs: z.number().int().min(150).max(3000).default(500),
      maxEndPauseMs: z.number().int().min(300).max(6000).default(1500),
      adaptive: z.boolean().default(true),
      /** Speaking over the answer stops it. */
      bargeIn: z.boolean().default(true),
      /** Voice over the answer that ends sooner than this is "mm-hm": the answer goes on. */
      bargeInMs: z.number().int().min(150).max(3000).default(600),
      /** How the answer and the microphone share the room; `auto` follows the echo test. */
      duplex: z.enum(["auto", "full", "duck", "half"]).default("auto"),
      /** The last echo test: how much weaker the answer is in the microphone than voice would be. */
      echo: z
        .object({
          bleedDb: z.number(),
          duplex: z.enum(["full", "duck", "half"]),
          measuredAtMs: z.number(),
          inputLabel: z.string().max(200),
          outputLabel: z.string().max(200),
        })
        .nullable()
        .default(null),
    })
    .prefault({}),
  voice: z
    .object({
      id: z.string().max(64).default("af_heart"),
      speed: z.number().min(0.5).max(2).default(1),
      /** A reply in another language than the voice's gets a voice of that language (R25). */
      followLanguage: z.boolean().default(true),
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
      /** The models leave memory after so long without a word, and come back when somebody speaks; 0: never. */
      unloadAfterMinutes: z.number().int().min(0).max(1440).default(0),
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
