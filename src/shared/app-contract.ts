import { z } from "zod";
import { queueStatsSchema, turnEventSchema, turnMetricsSchema } from "./contract.ts";
import { providerRowSchema } from "./provider-row.ts";
import { settingsSchema } from "./settings.ts";

/**
 * What a window may ask of the main side and what it hears back: the same over Electron's MessagePort and the browser
 * host's WebSocket. Everything that arrives from a page is parsed with these schemas before a handler sees it.
 * Times named `…AtMs` are epoch milliseconds (Clock); a page's clock is related by `performance.timeOrigin`.
 */

const id = z.string().min(1).max(64);
const epochMs = z.number();
const text = z.string().max(20_000);
const pcm = z.instanceof(Float32Array);
const none = z.object({});

export const phaseSchema = z.enum(["idle", "listening", "thinking", "speaking"]);
export type Phase = z.infer<typeof phaseSchema>;

/** What the assistant is doing now; the main side decides it, windows show it. */
export const assistantStateSchema = z.object({
  phase: phaseSchema,
  conversationId: id.nullable(),
  turnId: id.nullable(),
  utteranceId: id.nullable(),
  /** The microphone is shut on purpose: nothing is captured until it is opened again. */
  isMuted: z.boolean().default(false),
  /** The answer holds its breath: somebody may be interrupting it (R13). */
  isHeld: z.boolean().default(false),
});
export type AssistantState = z.infer<typeof assistantStateSchema>;

export const processStateSchema = z.object({
  state: z.enum(["starting", "ready", "restarting", "gave-up", "resting", "stopped", "failed"]),
  modelName: z.string().nullable(),
  /** Graph name → provider that really runs it, and precision. */
  providers: z.record(z.string(), z.string()),
  dtypes: z.record(z.string(), z.string()),
  loadMs: z.number().nullable(),
  /** A decode step, or a sentence of speech, measured when the model was loaded. */
  stepMs: z.number().nullable(),
  /** All execution providers, the likely best first; empty where there is no choice, or none was made yet. */
  providerRows: z.array(providerRowSchema),
  restarts: z.number().int(),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
});
export const engineStateSchema = z.object({
  listener: processStateSchema,
  voxtral: processStateSchema,
  kokoro: processStateSchema,
  /** The models are the demo pack: the interface says so. */
  isDemo: z.boolean(),
});
export type EngineState = z.infer<typeof engineStateSchema>;

export const conversationSummarySchema = z.object({
  id,
  title: z.string(),
  createdAtMs: epochMs,
  updatedAtMs: epochMs,
  turnCount: z.number().int().nonnegative(),
  /** First words of the newest reply; with the match marked when it comes from a search. */
  preview: z.string(),
});
export type ConversationSummary = z.infer<typeof conversationSummarySchema>;

export const storedTurnSchema = z.object({
  id,
  conversationId: id,
  index: z.number().int().nonnegative(),
  createdAtMs: epochMs,
  input: z.enum(["voice", "text"]),
  /** What the user typed, or the transcript once it exists. */
  userText: z.string().nullable(),
  userAudioMs: z.number().nullable(),
  /** As far as it was heard when interrupted. */
  reply: z.string(),
  outcome: z.enum(["completed", "interrupted", "failed"]),
  errorMessage: z.string().nullable(),
  voice: z.string().nullable(),
});
export type StoredTurn = z.infer<typeof storedTurnSchema>;

export const conversationSchema = z.object({
  summary: conversationSummarySchema,
  turns: z.array(storedTurnSchema),
});
export type ConversationRecord = z.infer<typeof conversationSchema>;

/** One turn as the latency dashboard keeps it. */
export const latencyRecordSchema = z.object({
  turnId: id,
  conversationId: id,
  atMs: epochMs,
  input: z.enum(["voice", "text"]),
  outcome: z.enum(["completed", "interrupted", "failed"]),
  model: z.string(),
  /** Provider of the decoder and of the speech model. */
  provider: z.string(),
  speechProvider: z.string(),
  dtype: z.string(),
  /** First turn after the models were loaded. */
  isCold: z.boolean(),
  userAudioMs: z.number().nullable(),
  metrics: turnMetricsSchema,
  queue: queueStatsSchema,
  /** Key-up to the first sample heard (K2S), from the player's report; null when nothing was heard. */
  keyToSoundMs: z.number().nullable(),
  outputLatencyMs: z.number().nullable(),
  transportMs: z.number().nullable(),
  /** Interruption to the last audible sample (B2S); null when the turn was not interrupted. */
  interruptToSilenceMs: z.number().nullable().default(null),
  /** Last voiced sample to the first one heard (E2S); null for written turns and where voice is unknown. */
  endToSoundMs: z.number().nullable().default(null),
});
export type LatencyRecord = z.infer<typeof latencyRecordSchema>;

export const latencyFilterSchema = z.object({
  model: z.string().optional(),
  provider: z.string().optional(),
  conversationId: id.optional(),
  cold: z.enum(["all", "cold", "warm"]).default("all"),
  input: z.enum(["all", "voice", "text"]).default("all"),
  /** What became of answering ahead. */
  speculation: z.enum(["all", "hit", "miss", "none"]).default("all"),
  limit: z.number().int().min(1).max(5000).default(500),
});
export type LatencyFilter = z.infer<typeof latencyFilterSchema>;

/** A model that can be downloaded, or is here. */
export const modelEntrySchema = z.object({
  id,
  kind: z.enum(["voxtral", "kokoro"]),
  name: z.string(),
  note: z.string(),
  repo: z.string(),
  licence: z.string(),
  dtype: z.string(),
  /** Where it runs well. */
  fits: z.array(z.enum(["cpu", "gpu"])),
  memoryBytes: z.number().nonnegative(),
  /** Whether this machine's memory holds it. */
  fitsMemory: z.boolean(),
  state: z.enum(["absent", "downloading", "paused", "checking", "ready", "failed"]),
  receivedBytes: z.number().nonnegative(),
  /** Null until the hub has told the size of every file. */
  totalBytes: z.number().nonnegative().nullable(),
  bytesPerSecond: z.number().nonnegative(),
  leftMs: z.number().nonnegative().nullable(),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
});
export type ModelEntry = z.infer<typeof modelEntrySchema>;

export const hotkeySupportSchema = z.object({
  /** `full`: hold, tap and press; `tap-only`: no key-up from this system; `none`: only inside the window. */
  level: z.enum(["full", "tap-only", "none"]),
  backend: z.string(),
  /** Why it is not `full`, and what the person can do. */
  reason: z.string().nullable(),
});
export type HotkeySupport = z.infer<typeof hotkeySupportSchema>;

export const snapshotSchema = z.object({
  version: z.string(),
  host: z.enum(["electron", "browser"]),
  platform: z.string(),
  settings: settingsSchema,
  engine: engineStateSchema,
  state: assistantStateSchema,
  hotkey: hotkeySupportSchema,
  conversation: conversationSchema.nullable(),
  /** Built-in spoken questions for the first click and for people without a microphone. */
  samples: z.array(z.object({ id, question: z.string() })),
  /** Main's epoch milliseconds when it answered: a page on a socket estimates its clock offset from it. */
  nowMs: epochMs,
});
export type AppSnapshot = z.infer<typeof snapshotSchema>;

/** A chunk of speech for the player; `pcm` is mono in [-1, 1]. */
export const playerAudioSchema = z.object({
  conversationId: id,
  turnId: id,
  chunkId: id,
  index: z.number().int().nonnegative(),
  voice: z.string(),
  textSource: z.string(),
  sampleRate: z.number().int().positive(),
  startSample: z.number().int().nonnegative(),
  pcm,
  words: z.array(z.object({ text: z.string(), startSample: z.number().int(), endSample: z.number().int() })),
  /** Where `textSource` lies in the reply, in characters: captions highlight the words of the reply itself. */
  replyStart: z.number().int().nonnegative(),
  replyEnd: z.number().int().nonnegative(),
  /** The turn begins to sound once it has this many samples (or all of them): what keeps a slow voice from stuttering. */
  startGateSamples: z.number().int().nonnegative().optional(),
  sentAtMs: epochMs,
});
export type PlayerAudio = z.infer<typeof playerAudioSchema>;

const listenSource = z.enum(["button", "space", "hotkey", "overlay"]);

/** Calls of a window: name → parameters and result. */
export const appCalls = {
  hello: { params: none, result: snapshotSchema },
  /** Interrupts whatever speaks and opens an utterance (with pre-roll). `pressedAtMs` is the key event's time. */
  "listen.begin": {
    params: z.object({ source: listenSource, pressedAtMs: epochMs }),
    result: z.object({ utteranceId: id, conversationId: id }),
  },
  /** Key up: the question is complete and the turn begins. */
  "listen.end": {
    params: z.object({ utteranceId: id, releasedAtMs: epochMs }),
    result: z.object({ turnId: id }),
  },
  "listen.cancel": { params: z.object({ utteranceId: id }), result: none },
  "ask.text": { params: z.object({ text: text.min(1) }), result: z.object({ turnId: id }) },
  "ask.sample": { params: z.object({ sampleId: id }), result: z.object({ turnId: id }) },
  /** Shuts the microphone, in every window and truly, or opens it again. */
  "mic.mute": { params: z.object({ muted: z.boolean() }), result: none },
  /** Stops the running turn (or the given one); harmless when nothing runs. */
  "turn.interrupt": { params: z.object({ turnId: id.optional() }), result: none },
  /** Speaks a finished reply again; it arrives as player audio under the returned turn id, with no token events. */
  "turn.replay": { params: z.object({ turnId: id }), result: z.object({ turnId: id }) },
  /** Answers the same question again, replacing the reply in the history. */
  "turn.regenerate": { params: z.object({ turnId: id }), result: z.object({ turnId: id }) },
  "conversations.list": {
    params: z.object({
      query: z.string().max(200).default(""),
      limit: z.number().int().min(1).max(500).default(100),
      offset: z.number().int().min(0).default(0),
    }),
    result: z.object({ conversations: z.array(conversationSummarySchema), total: z.number().int() }),
  },
  "conversations.open": { params: z.object({ id }), result: conversationSchema },
  "conversations.create": { params: none, result: conversationSchema },
  "conversations.rename": {
    params: z.object({ id, title: z.string().min(1).max(200) }),
    result: conversationSummarySchema,
  },
  "conversations.delete": { params: z.object({ id }), result: none },
  "conversations.export": {
    params: z.object({ id, format: z.enum(["json", "markdown"]) }),
    result: z.object({ fileName: z.string(), mimeType: z.string(), content: z.string() }),
  },
  "settings.update": {
    /** A SettingsPatch; validated against the full schema after merging. */
    params: z.object({ patch: z.record(z.string(), z.record(z.string(), z.unknown())) }),
    result: settingsSchema,
  },
  "voice.preview": {
    params: z.object({ voice: z.string().max(64), speed: z.number().min(0.5).max(2) }),
    result: z.object({ turnId: id }),
  },
  "latency.list": {
    params: latencyFilterSchema,
    result: z.object({ records: z.array(latencyRecordSchema) }),
  },
  "latency.export": {
    params: z.object({ filter: latencyFilterSchema, format: z.enum(["json", "csv", "chrome-trace"]) }),
    result: z.object({ fileName: z.string(), mimeType: z.string(), content: z.string() }),
  },
  "latency.clear": { params: none, result: none },
  /** Everything the library knows, this machine's memory and free disk space. Empty where nothing can be kept. */
  "models.list": {
    params: none,
    result: z.object({
      models: z.array(modelEntrySchema),
      memoryBytes: z.number(),
      /** Null where nothing can be kept, or the system does not tell. */
      freeBytes: z.number().nullable(),
      /** Whether models could run on a graphics card; null where the system does not tell. A hint for a first choice. */
      hasGraphicsCard: z.boolean().nullable(),
    }),
  },
  /** Begins or resumes; `model` events tell how it goes. */
  "models.download": { params: z.object({ id }), result: none },
  /** Stops and keeps what is here. */
  "models.pause": { params: z.object({ id }), result: none },
  /** Stops and deletes what is here; a model in use gives way to the demo pack first. */
  "models.remove": { params: z.object({ id }), result: none },
  /** Compares every file with the hub. */
  "models.verify": { params: z.object({ id }), result: none },
  /** Takes the files over from a folder of this machine, or from the Hugging Face cache when none is named. */
  "models.import": {
    params: z.object({ id, folder: z.string().max(4096).optional() }),
    result: none,
  },
  /** Adds any repository of the hub with the same files to the list, or a folder by its whole path, which is then taken over. */
  "models.add": {
    params: z.object({ repo: z.string().max(4096), dtype: z.string().max(20).optional() }),
    result: modelEntrySchema,
  },
  /** Starts the models again after a give-up or a failed load. */
  "engine.restart": { params: none, result: none },
  /** Answers with main's clock: sent a few times at start to estimate the offset over a socket. */
  clock: { params: none, result: z.object({ nowMs: epochMs }) },
} as const;

/** One-way messages of a window. */
export const appNotices = {
  /** Microphone audio, always while armed: fills the pre-roll ring and the open utterance. */
  "mic.audio": z.object({ samples: pcm, sampleRateHz: z.number().positive().max(768_000) }),
  /** The microphone's state as the page knows it, for every window to show. */
  "mic.state": z.object({
    state: z.enum(["off", "armed", "denied", "missing", "lost", "muted"]),
    label: z.string().max(200),
  }),
  /** About every 20 ms while playing, and once at the end: the flow-control credit and the caption clock. */
  "player.played": z.object({
    turnId: id,
    playedSamples: z.number().int().nonnegative(),
    underruns: z.number().int().nonnegative(),
    /** Set once a turn: when the first non-silent sample left the speaker (frame time + outputLatency). */
    firstHeardAtMs: epochMs.optional(),
    outputLatencyMs: z.number().optional(),
    /** When the first chunk reached the page. */
    firstReceivedAtMs: epochMs.optional(),
    ended: z.boolean().optional(),
    /** Set once after a stop or a hold: when the last audible sample left the speaker. */
    silentAtMs: epochMs.optional(),
  }),
} as const;

/** What windows hear. */
export const appEvents = {
  turn: turnEventSchema,
  "turn.opened": z.object({
    turnId: id,
    conversationId: id,
    input: z.enum(["voice", "text"]),
    userText: z.string().nullable(),
    userAudioMs: z.number().nullable(),
    replaces: id.optional(),
  }),
  /** The user's own words, transcribed after the reply. */
  transcript: z.object({ turnId: id, text: z.string() }),
  audio: playerAudioSchema,
  /** Nothing of this turn follows: the player reports `ended` when it has played everything it holds. */
  "audio.end": z.object({ turnId: id, samples: z.number().int().nonnegative() }),
  /** Fade out within `fadeMs` and drop everything of this turn. */
  "player.stop": z.object({ turnId: id, fadeMs: z.number() }),
  /** Fade to `gain` within `fadeMs`. At 0 it holds its place in the queue; above 0 it goes on playing, quieter or again. */
  "player.gain": z.object({ turnId: id, gain: z.number().min(0).max(1), fadeMs: z.number() }),
  /** `speech` is the probability that this is voice. */
  level: z.object({ rms: z.number(), peak: z.number(), speech: z.number().default(0) }),
  /** Hands-free: a pause runs, and ends the question once it has lasted `endPauseMs` in all; null when voice came. */
  endpoint: z.object({ pausedAtMs: epochMs, endPauseMs: z.number() }).nullable(),
  state: assistantStateSchema,
  "mic.state": appNotices["mic.state"],
  engine: engineStateSchema,
  model: modelEntrySchema,
  settings: settingsSchema,
  /** The list changed: ask again. */
  "conversations.changed": none,
  "conversation.opened": conversationSchema,
  "latency.record": latencyRecordSchema,
  /** A sentence for the person, with what they can do about it. */
  notice: z.object({
    level: z.enum(["info", "warning", "error"]),
    message: z.string(),
    code: z.string().optional(),
  }),
} as const;

type Calls = typeof appCalls;
type Notices = typeof appNotices;
type Events = typeof appEvents;

/** The rpc ServiceShape of the app, inferred from the schemas. */
export interface AppService {
  calls: { [K in keyof Calls]: { params: z.input<Calls[K]["params"]>; result: z.infer<Calls[K]["result"]> } };
  streams: Record<never, never>;
  notices: { [K in keyof Notices]: z.infer<Notices[K]> };
  events: { [K in keyof Events]: z.infer<Events[K]> };
}
