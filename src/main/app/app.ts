import type { AppSnapshot, HotkeySupport } from "../../shared/app-contract.ts";
import { systemClock, type Clock } from "../../shared/clock.ts";
import { AppError } from "../../shared/errors.ts";
import type { Port } from "../../shared/port.ts";
import type { Settings } from "../../shared/settings.ts";
import type { ChildHandle, ProcessKind } from "../models/child-handle.ts";
import type { History } from "../storage/history.ts";
import { openStorage, type Storage } from "../storage/storage.ts";
import { dataCalls } from "./data-handlers.ts";
import { Hub, hubFromEnvironment } from "../library/hub.ts";
import { findInstalled } from "../library/installed.ts";
import { EngineKeeper } from "./engine-keeper.ts";
import { demoId, modelsFolder } from "./model-choice.ts";
import { ModelShelf } from "./model-handlers.ts";
import { ModelRest } from "./model-rest.ts";
import { LatencyRecorder } from "./latency-recorder.ts";
import { Microphone } from "./microphone.ts";
import { providerMemory } from "./provider-memory.ts";
import { sampleQuestions, type SampleQuestion } from "./sample-questions.ts";
import { surroundingsOf } from "./surroundings.ts";
import { Talk } from "./talk.ts";
import { talkCalls } from "./talk-handlers.ts";
import { Transcriber } from "./transcriber.ts";
import { listeningOptions } from "./turn-taking-settings.ts";
import type { AppHandlers } from "./validated-service.ts";
import { Windows, type AppWindow, type WindowView } from "./windows.ts";

export interface AppOptions {
  readonly host: AppSnapshot["host"];
  readonly version: string;
  /** The data folder (see `dataFolder`), or null to keep nothing. */
  readonly folder: string | null;
  readonly samplesFolder: string;
  readonly hotkey: HotkeySupport;
  /** For the log: failures without a person's words in them. */
  readonly report: (error: AppError) => void;
  readonly clock?: Clock;
  /** How a model process is started; a fork by default. */
  readonly spawn?: (kind: ProcessKind) => ChildHandle;
  /** Where models are downloaded from; by default the Hugging Face hub, or what HF_ENDPOINT names. */
  readonly hub?: Hub;
  /** Overrides the settings' model for this run. */
  readonly model?: string;
}

/** Parley's main side, without any window: works before the first one exists and after the last one has gone. */
export interface App {
  /** Serves a page until its port closes. In-process callers (a tray, a hotkey) connect through a port pair. */
  addWindow(port: Port, view: WindowView): void;
  /** Shown to every window from its next snapshot on. */
  setHotkey(support: HotkeySupport): void;
  notify(level: "info" | "warning" | "error", message: string): void;
  readonly settings: Settings;
  /** Calls `listener` after each change of the settings; returns the function that ends it. */
  onSettings(listener: (after: Settings, before: Settings) => void): () => void;
  /** Ends the running turn, stores what was heard, ends the model processes, closes the files. Idempotent. */
  dispose(): Promise<void>;
}

/** How much audio one report of the microphone's level stands for. */
const levelMs = 32;

export function createApp(options: AppOptions): App {
  return new ParleyApp(options);
}

class ParleyApp implements App {
  readonly #options: AppOptions;
  readonly #clock: Clock;
  readonly #windows: Windows;
  readonly #storage: Storage;
  readonly #shelf: ModelShelf;
  readonly #engine: EngineKeeper;
  readonly #latency: LatencyRecorder;
  readonly #microphone: Microphone;
  readonly #talk: Talk;
  readonly #rest: ModelRest;
  readonly #samples: readonly SampleQuestion[];
  readonly #settingsListeners = new Set<(after: Settings, before: Settings) => void>();
  #hotkey: HotkeySupport;
  #hasWarned = false;
  /** No turn was answered since the models were loaded. */
  #isCold = true;
  #disposed: Promise<void> | undefined;

  constructor(options: AppOptions) {
    this.#options = options;
    this.#hotkey = options.hotkey;
    const clock = (this.#clock = options.clock ?? systemClock);
    this.#windows = new Windows((window) => this.#onClosed(window));
    const onNotice = this.#windows.notify.bind(this.#windows);
    this.#storage = openStorage({ folder: options.folder, clock, onNotice });
    this.#samples = sampleQuestions(options.samplesFolder);
    const root = options.folder === null ? null : modelsFolder(options.folder);
    this.#shelf = new ModelShelf({
      root,
      hub: options.hub ?? this.#hub(),
      clock,
      onChange: (entry) => this.#windows.emit("model", entry),
      onRemoving: (id) => this.#leaveModel(id),
    });
    this.#engine = new EngineKeeper(this.#models(this.settings), {
      clock,
      findModel: (id) => (root === null ? undefined : findInstalled(root, id)),
      ...(options.spawn ? { spawn: options.spawn } : {}),
      ...(root === null ? {} : { memory: providerMemory(root) }),
      onState: (state) => {
        if (state.voxtral.state !== "ready" || state.kokoro.state !== "ready") this.#isCold = true;
        if (state.listener.state !== "ready") this.#talk.hearing.ears.deaf();
        this.#windows.emit("engine", state);
      },
      onLevel: (level) => {
        this.#windows.emit("level", level);
        this.#talk.hearing.ears.heard(levelMs, level.speech);
      },
      onVoice: (activity) => this.#talk.hearing.voice(activity),
      listening: () => listeningOptions(this.settings),
      onWeakDetector: (reason) => this.#onWeakDetector(reason),
      onProblem: (error) => this.#tell(error, "warning"),
    });
    this.#latency = new LatencyRecorder(clock, (record) => {
      this.#windows.emit("latency.record", record);
      if (!this.settings.data.keepLatencyRecords) return;
      this.#attempt(() => this.#storage.latency.add(record));
    });
    this.#microphone = new Microphone({
      engine: () => this.#engine.engine,
      windows: this.#windows,
      settings: () => this.settings,
      onMute: () => {
        this.#talk.hearing.muted();
        this.#talk.announce();
      },
    });
    this.#rest = new ModelRest({
      clock,
      afterMinutes: () => this.settings.models.unloadAfterMinutes,
      rest: () => this.#engine.engine.rest(),
      wake: () => this.#engine.engine.wake(),
    });
    this.#talk = new Talk({
      engine: () => this.#engine.engine,
      windows: this.#windows,
      isMuted: () => this.#microphone.isMuted,
      canRead: () => !this.#engine.state.isDemo,
      onPhase: (phase) => this.#rest.phase(phase),
      report: options.report,
      latency: this.#latency,
      transcriber: new Transcriber({
        onTranscript: (turnId, text) => {
          this.#windows.emit("transcript", { turnId, text });
          this.#windows.emit("conversations.changed", {});
        },
        // The person loses nothing they wait for: a line in the log is enough.
        onFailure: options.report,
      }),
      clock,
      settings: () => this.settings,
      history: () => this.#history,
      surroundings: () => surroundingsOf(this.#engine, this.#models(this.settings).active, this.#isCold),
      onAnswered: () => (this.#isCold = false),
      onFailure: (error) => this.#tell(error, "error"),
    });
  }

  get settings(): Settings {
    return this.#storage.settings.current;
  }

  addWindow(port: Port, view: WindowView): void {
    if (this.#disposed) {
      port[Symbol.dispose]();
      return;
    }
    this.#windows.add(port, view, (window) => this.#handlers(window), this.#options.report);
  }

  setHotkey(support: HotkeySupport): void {
    this.#hotkey = support;
  }

  notify(level: "info" | "warning" | "error", message: string): void {
    this.#windows.notify({ level, message });
  }

  onSettings(listener: (after: Settings, before: Settings) => void): () => void {
    // Wrapped, so that the same function may listen twice and remove one of the two.
    const entry: typeof listener = (after, before) => listener(after, before);
    this.#settingsListeners.add(entry);
    return () => void this.#settingsListeners.delete(entry);
  }

  dispose(): Promise<void> {
    this.#disposed ??= this.#end();
    return this.#disposed;
  }

  async #end(): Promise<void> {
    // The turn first: its end needs the models, and storing it needs the storage.
    await this.#talk.dispose();
    this.#rest[Symbol.dispose]();
    this.#latency[Symbol.dispose]();
    this.#windows[Symbol.dispose]();
    await Promise.all([this.#engine.dispose(), this.#shelf[Symbol.asyncDispose]()]);
    await this.#storage[Symbol.asyncDispose]();
  }

  get #history(): History {
    return this.settings.data.keepHistory ? this.#storage.history : this.#storage.privateHistory;
  }

  #models(settings: Settings): Settings["models"] {
    return { ...settings.models, active: this.#options.model ?? settings.models.active };
  }

  #handlers(window: AppWindow): AppHandlers {
    const data = dataCalls({
      storage: this.#storage,
      windows: this.#windows,
      history: () => this.#history,
      open: (record) => {
        this.#talk.open(record.summary.id);
        this.#windows.emit("conversation.opened", record);
      },
      deleted: (id) => this.#talk.leave(id),
      settingsChanged: (before, after) => this.#onSettings(before, after),
    });
    const talk = talkCalls({
      talk: this.#talk,
      microphone: this.#microphone,
      engine: () => this.#engine.engine,
      history: () => this.#history,
      settings: () => this.settings,
      samples: this.#samples,
    });
    return {
      calls: {
        ...data,
        ...talk,
        ...this.#shelf.calls,
        hello: () => {
          // After the answer: a page expects nothing before it has its snapshot.
          setImmediate(() => this.#onGreeted(window));
          return this.#snapshot();
        },
        "engine.restart": () => {
          this.#engine.restart();
          return {};
        },
        clock: () => ({ nowMs: this.#clock.nowMs() }),
      },
      notices: {
        "mic.audio": (audio) => this.#microphone.hear(window, audio),
        "mic.state": (state) => this.#microphone.follow(window, state),
        "player.played": (report) => this.#talk.played(window, report),
      },
    };
  }

  #snapshot(): AppSnapshot {
    const state = this.#talk.state;
    const { conversationId } = state;
    return {
      version: this.#options.version,
      host: this.#options.host,
      platform: process.platform,
      settings: this.settings,
      engine: this.#engine.state,
      state,
      hotkey: this.#hotkey,
      conversation:
        conversationId !== null && this.#history.has(conversationId)
          ? this.#history.open(conversationId)
          : null,
      samples: this.#samples.map(({ id, question }) => ({ id, question })),
      nowMs: this.#clock.nowMs(),
    };
  }

  #onGreeted(window: AppWindow): void {
    this.#windows.greeted(window);
    this.#talk.windowGreeted(window);
  }

  #onClosed(window: AppWindow): void {
    if (this.#disposed) return;
    this.#microphone.closed(window);
    this.#talk.windowClosed(window);
  }

  #onSettings(before: Settings, after: Settings): void {
    if (engineSettings(before) !== engineSettings(after)) void this.#changeModels(after);
    this.#rest.configure();
    // What was said before the history was turned off stays; what follows is not kept, and the other way round.
    if (before.data.keepHistory !== after.data.keepHistory) this.#talk.leave();
    this.#engine.configure();
    this.#talk.configure();
    this.#microphone.checkHandsFree();
    for (const listener of this.#settingsListeners) listener(after, before);
  }

  /** The hub that the environment names; a wrong address must not keep the app from starting. */
  #hub(): Hub {
    try {
      return hubFromEnvironment(process.env);
    } catch (error) {
      this.#options.report(AppError.from(error));
      return new Hub();
    }
  }

  /** A model goes away: the demo pack takes its place where it is in use. */
  #leaveModel(id: string): void {
    const before = this.settings;
    const rest = before.models.active.split("+").filter((part) => part !== id);
    if (rest.length === before.models.active.split("+").length) return;
    const after = this.#storage.settings.update({ models: { active: rest.join("+") || demoId } });
    this.#windows.emit("settings", after);
    this.#onSettings(before, after);
  }

  async #changeModels(settings: Settings): Promise<void> {
    const { conversationId } = this.#talk.state;
    this.#talk.leave();
    this.#isCold = true;
    await this.#engine.replace(this.#models(settings));
    if (conversationId !== null && this.#history.has(conversationId)) this.#talk.open(conversationId);
  }

  /** Said once, and only to those whose turns depend on it. */
  #onWeakDetector(reason: string): void {
    if (this.#hasWarned || this.settings.turnTaking.mode !== "hands-free") return;
    this.#hasWarned = true;
    const message = `Hands-free tells voice from noise by loudness only: ${reason}`;
    this.#windows.notify({ level: "warning", message });
  }

  #attempt(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#tell(AppError.from(error, "storage"), "error");
    }
  }

  #tell(error: AppError, level: "warning" | "error"): void {
    this.#options.report(error);
    this.#windows.notify({ level, message: error.message, code: error.code });
  }
}

/** Those settings of the models that only a new engine can follow. */
function engineSettings({ models: { active, provider, threads } }: Settings): string {
  return JSON.stringify([active, provider, threads]);
}
