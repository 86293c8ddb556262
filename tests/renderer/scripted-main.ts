// oxlint-disable-next-line import/no-unassigned-import -- imported for its effect
import "../../src/renderer/zod-without-eval.ts";
import type { AppService, AssistantState } from "../../src/shared/app-contract.ts";
import { noSpeculation, type SpeculationMetrics } from "../../src/shared/contract.ts";
import { AppError } from "../../src/shared/errors.ts";
import { messagePort } from "../../src/shared/ports/message-port.ts";
import { serve, type Handlers, type RpcServer } from "../../src/shared/rpc.ts";
import { applySettingsPatch, type Settings } from "../../src/shared/settings.ts";
import { latencyRecord } from "./latency-record.ts";
import {
  scriptedModels,
  scriptedConversation,
  scriptedRecords,
  scriptedSnapshot,
  scriptedSummaries,
} from "./scripted-data.ts";
import type { ScriptedStart } from "./scripted-start.ts";
import { scriptedChunks, scriptedReply, scriptedSegments, scriptedTokens } from "./scripted-speech.ts";

/**
 * The main side played from a script, inside the page: it stands where Electron's preload would, so that the real
 * renderer talks through the real rpc. For tests of the page alone; the end-to-end tests use the real main side.
 */

type Played = AppService["notices"]["player.played"];

export interface ScriptedMain {
  /** Calls and notices in the order they came, audio left out. */
  readonly log: { readonly name: string; readonly params: unknown }[];
  readonly microphone: { blocks: number; samples: number; sampleRateHz: number };
  readonly played: Played[];
  /** What the page would be told now. */
  settings(): Settings;
  emit(event: string, value: unknown): void;
  /** Makes the next calls of this name fail. */
  refuse(name: string, message: string): void;
}

declare global {
  interface Window {
    scriptedMain?: ScriptedMain;
    /** Set before the page runs, to start from something else than the recorded conversation. */
    scriptedStart?: ScriptedStart;
  }
}

const snapshot = scriptedSnapshot();
const start = window.scriptedStart ?? {};
let settings = start.isHandsFree
  ? applySettingsPatch(snapshot.settings, { turnTaking: { mode: "hands-free" } })
  : snapshot.settings;
let conversation = start.isEmpty ? null : scriptedConversation();
let state: AssistantState = { ...snapshot.state, ...start.state };
let running: { turnId: string; timer: ReturnType<typeof setInterval> | undefined; reply: string } | undefined;
let nextId = 100;
/** What the real main side would have stored by now. */
const records = start.isEmpty ? [] : scriptedRecords();
let server: RpcServer<AppService> | undefined;

const scripted: ScriptedMain = {
  log: [],
  microphone: { blocks: 0, samples: 0, sampleRateHz: 0 },
  played: [],
  settings: () => settings,
  emit: (event, value) => server?.emit(event as "notice", value as never),
  refuse: (name, message) => refusals.set(name, message),
};
const speculation: SpeculationMetrics =
  start.savedMs === undefined
    ? noSpeculation
    : { outcome: "hit", attempts: 1, savedMs: start.savedMs, wastedMs: 0 };
const refusals = new Map<string, string>();
window.scriptedMain = scripted;

function setState(change: Partial<AssistantState>): void {
  state = { ...state, ...change };
  server?.emit("state", state);
}

function beginTurn(input: "voice" | "text", userText: string | null): { turnId: string } {
  const turnId = `turn-${nextId++}`;
  conversation ??= { summary: { ...scriptedConversation().summary, title: "The sky" }, turns: [] };
  server?.emit("conversation.opened", conversation);
  server?.emit("turn.opened", {
    turnId,
    conversationId: conversation.summary.id,
    input,
    userText,
    userAudioMs: input === "voice" ? 1400 : null,
  });
  setState({ phase: "thinking", turnId, utteranceId: null });
  server?.emit("turn", { type: "turn-started", turnId });
  let index = 0;
  const tokenMs = start.tokenMs ?? 12;
  const timer = setInterval(() => {
    const text = scriptedTokens[index];
    if (text === undefined) {
      clearInterval(timer);
      return;
    }
    const isFirst = index === 0;
    const sincePreviousMs = isFirst ? null : index % 9 === 5 ? 63 : index % 4 === 2 ? 38 : 14 + (index % 5);
    server?.emit("turn", {
      type: "token",
      turnId,
      index,
      id: index,
      text,
      tMs: 61 + index * 17,
      sincePreviousMs,
    });
    if (running) running.reply += text;
    index += 1;
    if (index === 4) speak(turnId);
  }, tokenMs);
  running = { turnId, timer, reply: "" };
  return { turnId };
}

function speak(turnId: string): void {
  setState({ phase: "speaking" });
  let samples = 0;
  for (const chunk of scriptedChunks(turnId)) {
    samples += chunk.pcm.length;
    const { textSource: text, index } = chunk;
    server?.emit("turn", { type: "segment", turnId, index, text, tMs: 120 });
    const { chunkId, voice, sampleRate, startSample } = chunk;
    const event = { chunkId, index, voice, textSource: text, sampleRate, startSample };
    server?.emit("turn", { type: "audio", turnId, ...event, samples: chunk.pcm.length, tMs: 182 });
    server?.emit("audio", chunk);
  }
  server?.emit("audio.end", { turnId, samples });
}

function finish(outcome: "completed" | "interrupted", played: number): void {
  if (!running) return;
  const { turnId, timer } = running;
  clearInterval(timer);
  const words = scriptedSegments.join(" ").length;
  const reply =
    outcome === "completed"
      ? scriptedReply
      : scriptedReply.slice(0, Math.min(words, Math.round(played / 1500)));
  running = undefined;
  const { metrics, queue } = latencyRecord({ turnId, metrics: { speculation } });
  server?.emit("turn", { type: "turn-finished", turnId, outcome, reply, metrics, queue });
  const record = latencyRecord({ turnId, outcome, atMs: Date.now() });
  records.push(record);
  server?.emit("latency.record", record);
  if (state.turnId === turnId) setState({ phase: "idle", turnId: null });
}

function logged<T>(name: string, params: T): T {
  scripted.log.push({ name, params });
  const message = refusals.get(name);
  if (message !== undefined) {
    refusals.delete(name);
    throw new AppError("internal", message);
  }
  return params;
}

const handlers: Handlers<AppService> = {
  calls: {
    hello: () => ({ ...snapshot, settings, conversation, state, samples: snapshot.samples }),
    "listen.begin": (params) => {
      logged("listen.begin", params);
      const utteranceId = `utterance-${nextId++}`;
      setState({ phase: "listening", utteranceId });
      return { utteranceId, conversationId: "conversation-1" };
    },
    "listen.end": (params) => {
      logged("listen.end", params);
      return beginTurn("voice", null);
    },
    "listen.cancel": (params) => {
      logged("listen.cancel", params);
      setState({ phase: "idle", utteranceId: null });
      return {};
    },
    "models.list": () => ({
      models: scriptedModels,
      memoryBytes: 24e9,
      freeBytes: 80e9,
      hasGraphicsCard: true,
    }),
    "models.download": (params) => {
      logged("models.download", params);
      return {};
    },
    "models.pause": (params) => {
      logged("models.pause", params);
      return {};
    },
    "models.remove": (params) => {
      logged("models.remove", params);
      return {};
    },
    "models.verify": (params) => {
      logged("models.verify", params);
      return {};
    },
    "models.import": (params) => {
      logged("models.import", params);
      return {};
    },
    "models.add": (params) => {
      logged("models.add", params);
      return scriptedModels[0]!;
    },
    "mic.mute": (params) => {
      setState({ isMuted: logged("mic.mute", params).muted });
      return {};
    },
    "ask.text": (params) => beginTurn("text", logged("ask.text", params).text),
    "ask.sample": ({ sampleId }) =>
      beginTurn("voice", snapshot.samples.find(({ id }) => id === sampleId)?.question ?? null),
    "turn.interrupt": (params) => {
      logged("turn.interrupt", params);
      if (running) server?.emit("player.stop", { turnId: running.turnId, fadeMs: 10 });
      setState({ phase: "idle", turnId: null });
      return {};
    },
    "turn.replay": (params) => {
      logged("turn.replay", params);
      const turnId = `replay-${nextId++}`;
      setTimeout(() => speak(turnId), 0);
      return { turnId };
    },
    "turn.regenerate": (params) => beginTurn("voice", logged("turn.regenerate", params).turnId),
    "conversations.list": ({ query = "" }) => {
      const found = start.isEmpty
        ? []
        : scriptedSummaries.filter(({ title }) => title.toLowerCase().includes(query.toLowerCase()));
      return { conversations: found, total: found.length };
    },
    "conversations.open": (params) => {
      logged("conversations.open", params);
      return scriptedConversation();
    },
    "conversations.create": () => {
      conversation = {
        summary: { ...scriptedConversation().summary, id: "new", title: "", turnCount: 0 },
        turns: [],
      };
      return conversation;
    },
    "conversations.rename": ({ id, title }) => {
      logged("conversations.rename", { id, title });
      return { ...scriptedConversation().summary, id, title };
    },
    "conversations.delete": (params) => {
      logged("conversations.delete", params);
      return {};
    },
    "conversations.export": ({ format }) => ({
      fileName: `conversation.${format === "json" ? "json" : "md"}`,
      mimeType: "text/plain",
      content: format,
    }),
    "settings.update": ({ patch }) => {
      logged("settings.update", patch);
      settings = applySettingsPatch(settings, patch);
      return settings;
    },
    "voice.preview": (params) => {
      logged("voice.preview", params);
      const turnId = `preview-${nextId++}`;
      setTimeout(() => speak(turnId), 0);
      return { turnId };
    },
    "latency.list": (params) => {
      logged("latency.list", params);
      return { records };
    },
    "latency.export": ({ format }) => ({
      fileName: `latency.${format}`,
      mimeType: "text/plain",
      content: format,
    }),
    "latency.clear": () => ({}),
    "engine.restart": (params) => {
      logged("engine.restart", params);
      return {};
    },
    clock: () => ({ nowMs: performance.timeOrigin + performance.now() }),
  },
  streams: {},
  notices: {
    "mic.audio": ({ samples, sampleRateHz }) => {
      scripted.microphone.blocks += 1;
      scripted.microphone.samples += samples.length;
      scripted.microphone.sampleRateHz = sampleRateHz;
    },
    "mic.state": (params) => void logged("mic.state", params),
    "player.played": (report) => {
      scripted.played.push(report);
      if (report.ended && report.turnId === running?.turnId) {
        finish(state.turnId === report.turnId ? "completed" : "interrupted", report.playedSamples);
      }
    },
  },
};

Object.defineProperty(window, "parley", {
  value: {
    connect(): void {
      const { port1, port2 } = new MessageChannel();
      server = serve<AppService>(messagePort(port1), handlers);
      window.postMessage({ type: "parley:port" }, window.location.origin, [port2]);
    },
  },
});
