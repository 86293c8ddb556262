import type {
  ModelEntry,
  AppSnapshot,
  ConversationRecord,
  EngineState,
  LatencyRecord,
  StoredTurn,
} from "../../src/shared/app-contract.ts";
import { noSpeculation } from "../../src/shared/contract.ts";
import { defaultSettings } from "../../src/shared/settings.ts";
import { latencyRecord } from "./latency-record.ts";

/** A recorded session's worth of data for looking at the page without models. Deterministic. */

const NOW = Date.now();

function turn(
  index: number,
  userText: string | null,
  reply: string,
  changes: Partial<StoredTurn> = {},
): StoredTurn {
  return {
    id: `turn-${index}`,
    conversationId: "conversation-1",
    index,
    createdAtMs: NOW - (10 - index) * 60_000,
    input: "voice",
    userText,
    userAudioMs: 1900,
    reply,
    outcome: "completed",
    errorMessage: null,
    voice: "af_heart",
    ...changes,
  };
}

const turns = [
  turn(
    0,
    "What is the tallest mountain in the world?",
    "Mount Everest, at 8,849 metres above the sea. It stands on the border of Nepal and Tibet.",
  ),
  turn(
    1,
    "How long does it take to climb it?",
    "About two months, most of it spent getting used to the thin air. The last push to the",
    {
      outcome: "interrupted",
    },
  ),
  turn(2, "And who was first?", "Tenzing Norgay and Edmund Hillary, on the 29th of May 1953.", {
    input: "text",
    userAudioMs: null,
  }),
  turn(3, null, "", {
    outcome: "failed",
    errorMessage: "The answering model stopped. It is being started again: ask once more.",
  }),
];

export function scriptedConversation(): ConversationRecord {
  return {
    summary: {
      id: "conversation-1",
      title: "The tallest mountain",
      createdAtMs: NOW - 600_000,
      updatedAtMs: NOW - 120_000,
      turnCount: turns.length,
      preview: "Tenzing Norgay and Edmund Hillary, on the 29th of May",
    },
    turns,
  };
}

const titles = [
  ["Names for a cat", "How about Biscuit, Pepper or Comet?"],
  ["Counting to ten in Spanish", "Uno, dos, tres, cuatro, cinco"],
  ["Why the sky is blue", "Air scatters blue light more than red"],
  ["A recipe for pancakes", "Two eggs, a cup of flour and a cup of milk"],
] as const;

export const scriptedSummaries = [
  scriptedConversation().summary,
  ...titles.map(([title, preview], index) => ({
    id: `conversation-${index + 2}`,
    title,
    createdAtMs: NOW - (index + 1) * 86_400_000,
    updatedAtMs: NOW - (index + 1) * 86_400_000,
    turnCount: 3 + index,
    preview,
  })),
];

const process = {
  state: "ready" as const,
  modelName: "nano",
  providers: { decoder: "cpu" },
  dtypes: { decoder: "fp32" },
  loadMs: 412,
  stepMs: 1.6,
  providerRows: [],
  restarts: 0,
  error: null,
};

export const scriptedEngine: EngineState = {
  listener: { ...process, modelName: "log-mel", dtypes: {}, providers: {}, loadMs: 38 },
  voxtral: process,
  kokoro: { ...process, loadMs: 655 },
  isDemo: true,
};

export function scriptedSnapshot(): AppSnapshot {
  return {
    version: "0.1.0",
    host: "browser",
    platform: "linux",
    settings: defaultSettings(),
    engine: scriptedEngine,
    state: {
      phase: "idle",
      conversationId: "conversation-1",
      turnId: null,
      utteranceId: null,
      isMuted: false,
      isHeld: false,
    },
    hotkey: {
      level: "none",
      backend: "none",
      reason:
        "A browser cannot watch keys outside its window. Hold Space in this window, or use the desktop app.",
    },
    conversation: scriptedConversation(),
    samples: [
      { id: "s1", question: "What is the capital of France?" },
      { id: "s2", question: "How many legs does a spider have?" },
      { id: "s3", question: "What colour is the sky?" },
      { id: "s4", question: "Can you count to five?" },
    ],
    nowMs: NOW,
  };
}

/** Sixty turns with a cold start, a slow one now and then, and spans that add up. */
export function scriptedRecords(): LatencyRecord[] {
  // Park–Miller: enough randomness for a picture, the same one every time.
  let seed = 42;
  const random = (): number => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed / 2_147_483_647;
  };
  return Array.from({ length: 60 }, (_, index) =>
    scriptedRecord(index, 0.8 + 0.5 * random() ** 2, random),
  ).toReversed();
}

function speculationOf(index: number, slow: number): LatencyRecord["metrics"]["speculation"] {
  if (index % 5 === 1) return { outcome: "none", attempts: 0, savedMs: 0, wastedMs: 0 };
  if (index % 5 === 2) return { outcome: "miss", attempts: 1, savedMs: 0, wastedMs: 54 * slow };
  return { outcome: "hit", attempts: 2, savedMs: 98 * slow, wastedMs: 45 * slow };
}

/** The stages of an attempt that began at `startMs`, as many as it came to. */
function attempt(
  startMs: number,
  slow: number,
  speculative: "used" | "dropped",
  stages: number,
): LatencyRecord["metrics"]["spans"] {
  let at = startMs;
  return [
    { name: "encode", ms: 21 * slow },
    { name: "prefill", ms: 24 * slow },
    { name: "decode", ms: 9 * slow },
  ]
    .slice(0, stages)
    .map(({ name, ms }) => {
      const span = { name, startMs: at, endMs: at + ms, sessionMs: ms * 0.97, speculative };
      at += ms;
      return span;
    });
}

function scriptedRecord(index: number, pace: number, random: () => number): LatencyRecord {
  const isCold = index === 0;
  const slow = isCold ? 3.2 : random() > 0.94 ? 2.1 : pace;
  const spans: LatencyRecord["metrics"]["spans"] = [];
  let at = 0;
  const add = (name: string, lengthMs: number, share: number, place?: number): void => {
    spans.push({
      name,
      startMs: at,
      endMs: at + lengthMs,
      sessionMs: lengthMs * share,
      ...(place === undefined ? {} : { index: place }),
    });
    at += lengthMs;
  };
  const isText = index % 7 === 3;
  const speculation = isText || isCold ? noSpeculation : speculationOf(index, slow);
  spans.push({ name: "capture", startMs: -1900, endMs: 0 });
  if (speculation.attempts > 0) {
    spans.push(...attempt(-1250, slow, "dropped", speculation.outcome === "hit" ? 2 : 3));
  }
  const isHit = speculation.outcome === "hit";
  if (isHit) spans.push(...attempt(-150 - 10 * (index % 9), slow, "used", 3));
  else {
    add("mel", 1.4, 0);
    add("encode", 21 * slow, 0.98, 0);
    add("prefill", 24 * slow, 0.97);
  }
  add("decode", 9 * slow, 0.94, 0);
  const firstTokenMs = at;
  for (let token = 1; token < 9; token++) add("decode", 9 * slow, 0.94, token);
  const firstWordMs = firstTokenMs + 18 * slow;
  spans.push({ name: "segment", startMs: firstTokenMs, endMs: at });
  const resume = at;
  add("phonemes", 2.1, 0, 0);
  add("synthesis", (isHit ? 12 : 62) * slow, 0.99, 0);
  add("queue", 0.4, 0, 0);
  const firstAudioMs = at;
  add("transport", 1.8, 0, 0);
  add("heard", 14, 0, 0);
  const heardMs = at;
  at = resume;
  for (let token = 9; token < 24; token++) add("decode", 10 * slow, 0.9, token);
  add("phonemes", 2.4, 0, 1);
  add("synthesis", 110 * slow, 0.99, 1);
  add("queue", 0.3, 0, 1);
  return latencyRecord({
    turnId: `record-${index}`,
    atMs: NOW - (60 - index) * 47_000,
    isCold,
    input: isText ? "text" : "voice",
    endToSoundMs: isText ? null : heardMs + 180 + 40 * (index % 5),
    interruptToSilenceMs: index % 11 === 5 ? 31 + 4 * index : null,
    outcome: index % 11 === 5 ? "interrupted" : "completed",
    keyToSoundMs: heardMs,
    metrics: {
      firstTokenMs,
      firstWordMs,
      firstAudioMs,
      interTokenMs: { p50: 9.5 * slow, p95: 12 * slow, max: 15 * slow },
      realTimeFactor: 0.12 * slow,
      reusedTokens: isCold ? 0 : 380,
      speculation,
      spans,
    },
    queue: { underruns: index === 33 ? 1 : 0 },
  });
}

const scriptedModel: ModelEntry = {
  id: "voxtral-mini-3b-q4f16",
  kind: "voxtral",
  name: "Voxtral Mini 3B · 4-bit, half precision",
  note: "Smallest download, fastest on a graphics card.",
  repo: "onnx-community/Voxtral-Mini-3B-2507-ONNX",
  licence: "Apache-2.0",
  dtype: "q4f16",
  fits: ["gpu"],
  memoryBytes: 5_214_000_000,
  fitsMemory: true,
  state: "absent",
  receivedBytes: 0,
  totalBytes: 2_714_000_000,
  bytesPerSecond: 0,
  leftMs: null,
  error: null,
};

/** One model in each state that a list can show. */
export const scriptedModels: ModelEntry[] = [
  scriptedModel,
  {
    ...scriptedModel,
    id: "voxtral-mini-3b-q4",
    name: "Voxtral Mini 3B · 4-bit",
    note: "For processors, and for graphics cards without half precision.",
    fits: ["cpu", "gpu"],
    dtype: "q4",
    state: "downloading",
    receivedBytes: 1_212_000_000,
    totalBytes: 3_030_000_000,
    bytesPerSecond: 24_000_000,
    leftMs: 75_750,
  },
  {
    ...scriptedModel,
    id: "kokoro-82m-fp32",
    kind: "kokoro",
    name: "Kokoro 82M · full precision",
    note: "The original voice; the fastest one on most processors.",
    repo: "onnx-community/Kokoro-82M-v1.0-ONNX",
    fits: ["cpu", "gpu"],
    dtype: "fp32",
    memoryBytes: 726_000_000,
    state: "ready",
    receivedBytes: 326_000_000,
    totalBytes: 326_000_000,
  },
  {
    ...scriptedModel,
    id: "kokoro-82m-q8",
    kind: "kokoro",
    name: "Kokoro 82M · 8-bit",
    note: "For little memory; a little rougher, and slower on many processors.",
    repo: "onnx-community/Kokoro-82M-v1.0-ONNX",
    fits: ["cpu"],
    dtype: "q8",
    memoryBytes: 493_000_000,
    state: "failed",
    receivedBytes: 40_000_000,
    totalBytes: 92_400_000,
    error: { code: "network", message: "huggingface.co cannot be reached. Check the network, then resume." },
  },
];
