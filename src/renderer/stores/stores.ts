import { createStore, type StoreApi } from "zustand/vanilla";
import type {
  AssistantState,
  ConversationRecord,
  ConversationSummary,
  EngineState,
  HotkeySupport,
  LatencyFilter,
  LatencyRecord,
  ModelEntry,
} from "../../shared/app-contract.ts";
import { defaultSettings, type Settings } from "../../shared/settings.ts";
import type { CaptionedChunk } from "../audio/captions.ts";
import type { AudioDevices } from "../audio/devices.ts";
import type { MicrophoneStatus } from "../audio/microphone-errors.ts";
import type { LiveTurn } from "./live-turn.ts";

/** Projections of what the main side says; they decide nothing. One vanilla store per concern. */

export interface ConnectionState {
  readonly status: "connecting" | "open" | "lost";
  /** What to do when it stays lost. */
  readonly message: string | null;
  readonly version: string;
  readonly host: "electron" | "browser";
  readonly platform: string;
  readonly hotkey: HotkeySupport | null;
  readonly samples: readonly { id: string; question: string }[];
  /** Main's clock minus this page's. */
  readonly clockOffsetMs: number;
  /** Only one page of a browser plays and listens; this one, or another. */
  readonly ownsAudio: boolean;
}

export interface ConversationsState {
  readonly list: readonly ConversationSummary[];
  readonly total: number;
  readonly query: string;
  readonly hasLoaded: boolean;
  readonly current: ConversationRecord | null;
}

export interface CaptionsState {
  /** The turn whose speech this is; a replay has an id of its own. */
  readonly turnId: string | null;
  readonly chunks: readonly CaptionedChunk[];
  /** Index of the word being spoken, −1 before the first. */
  readonly wordIndex: number;
  /** Nothing of the turn is playing any more. */
  readonly hasEnded: boolean;
}

export interface PlayerState {
  readonly isBlocked: boolean;
  readonly turnId: string | null;
  readonly playedSamples: number;
  readonly underruns: number;
  /** From the newest interruption's arrival in the worklet to silence (R46). */
  readonly stopToSilenceMs: number | null;
}

export interface MicrophoneView extends MicrophoneStatus {
  readonly devices: AudioDevices;
}

export interface LatencyState {
  readonly records: readonly LatencyRecord[];
  readonly filter: LatencyFilter;
  /** Seen so far under any filter. */
  readonly models: readonly string[];
  readonly providers: readonly string[];
  readonly selectedTurnId: string | null;
  readonly hasLoaded: boolean;
}

export interface ModelsState {
  readonly entries: readonly ModelEntry[];
  /** Of this machine; 0 until it is known. */
  readonly memoryBytes: number;
  readonly freeBytes: number | null;
  readonly hasGraphicsCard: boolean | null;
  readonly hasLoaded: boolean;
}

export interface LevelState {
  readonly rms: number;
  readonly peak: number;
  /** Probability that this is voice, as the listener hears it. */
  readonly speech: number;
}

export interface AssistantView extends AssistantState {
  /** Begun by a tap: the next one ends it. */
  readonly isLatched: boolean;
  /** The question is held open by a key or button of this window. */
  readonly isPressed: boolean;
  /** A pause that ends the question; times of main's clock. */
  readonly endpoint: { readonly pausedAtMs: number; readonly endPauseMs: number } | null;
}

/** The state of each store. */
export interface States {
  readonly connection: ConnectionState;
  readonly assistant: AssistantView;
  readonly conversations: ConversationsState;
  readonly turn: { readonly live: LiveTurn | null };
  readonly captions: CaptionsState;
  readonly player: PlayerState;
  readonly latency: LatencyState;
  readonly settings: { readonly settings: Settings };
  readonly engine: { readonly engine: EngineState | null };
  readonly models: ModelsState;
  readonly microphone: MicrophoneView;
  /** Changes some forty times a second: subscribe, do not render from it. */
  readonly level: LevelState;
}

export type Stores = { readonly [K in keyof States]: StoreApi<States[K]> };

export const everyRecord: LatencyFilter = { cold: "all", input: "all", speculation: "all", limit: 500 };

export function createStores(): Stores {
  return {
    connection: createStore(() => ({
      status: "connecting" as const,
      message: null,
      version: "",
      host: "browser" as const,
      platform: "",
      hotkey: null,
      samples: [],
      clockOffsetMs: 0,
      ownsAudio: false,
    })),
    assistant: createStore(() => ({
      phase: "idle" as const,
      conversationId: null,
      turnId: null,
      utteranceId: null,
      isMuted: false,
      isHeld: false,
      isLatched: false,
      isPressed: false,
      endpoint: null,
    })),
    conversations: createStore(() => ({ list: [], total: 0, query: "", hasLoaded: false, current: null })),
    turn: createStore(() => ({ live: null })),
    captions: createStore(() => ({ turnId: null, chunks: [], wordIndex: -1, hasEnded: false })),
    player: createStore(() => ({
      isBlocked: false,
      turnId: null,
      playedSamples: 0,
      underruns: 0,
      stopToSilenceMs: null,
    })),
    latency: createStore(() => ({
      records: [],
      filter: everyRecord,
      models: [],
      providers: [],
      selectedTurnId: null,
      hasLoaded: false,
    })),
    settings: createStore(() => ({ settings: defaultSettings() })),
    engine: createStore(() => ({ engine: null })),
    models: createStore(() => ({
      entries: [],
      memoryBytes: 0,
      freeBytes: null,
      hasGraphicsCard: null,
      hasLoaded: false,
    })),
    microphone: createStore(() => ({
      state: "off" as const,
      label: "",
      message: null,
      devices: { inputs: [], outputs: [], defaultOutput: "" },
    })),
    level: createStore(() => ({ rms: 0, peak: 0, speech: 0 })),
  };
}
