import type { App, AppOptions } from "../../src/main/app/app.ts";
import { createApp } from "../../src/main/app/app.ts";
import type { WindowView } from "../../src/main/app/windows.ts";
import type { AppService, AppSnapshot, LatencyRecord } from "../../src/shared/app-contract.ts";
import { systemClock } from "../../src/shared/clock.ts";
import type { AppError } from "../../src/shared/errors.ts";
import type { Port } from "../../src/shared/port.ts";
import { createPortPair } from "../../src/shared/ports/memory.ts";
import { connect, type RpcClient } from "../../src/shared/rpc.ts";

type Events = AppService["events"];
type EventName = keyof Events;
export type Heard = { readonly [K in EventName]: { readonly name: K; readonly value: Events[K] } }[EventName];

const eventNames = [
  "turn",
  "turn.opened",
  "transcript",
  "audio",
  "audio.end",
  "player.stop",
  "player.gain",
  "level",
  "endpoint",
  "state",
  "mic.state",
  "engine",
  "model",
  "settings",
  "conversations.changed",
  "conversation.opened",
  "latency.record",
  "notice",
] as const satisfies EventName[];

export const samplesFolder = new URL("../../samples/", import.meta.url).pathname;

/** The app with the demo pack, as a host makes it. */
export function startApp(
  folder: string | null,
  changes: Partial<AppOptions> = {},
): { app: App; reports: AppError[] } {
  const reports: AppError[] = [];
  const app = createApp({
    host: "browser",
    version: "0.0.0-test",
    folder,
    samplesFolder,
    hotkey: { level: "none", backend: "test", reason: null },
    report: (error) => reports.push(error),
    ...changes,
  });
  return { app, reports };
}

/**
 * A page without a screen: hears everything in order, and plays as the real one does, only faster: what it receives is
 * played at once, unless that is `paused`, or the main side holds it.
 */
export class Page {
  readonly client: RpcClient<AppService>;
  readonly port: Port;
  readonly heard: Heard[] = [];
  isPaused = false;
  /** Turns that are played by hand only. */
  readonly paused = new Set<string>();
  readonly #waiters = new Set<() => void>();
  readonly #played = new Map<string, number>();
  readonly #received = new Map<string, number>();
  readonly #held = new Set<string>();

  constructor(port: Port) {
    this.port = port;
    this.client = connect<AppService>(port);
    for (const name of eventNames) {
      this.client.on(name, (value) => this.#hear({ name, value } as Heard));
    }
  }

  static async open(app: App, view: WindowView = "main"): Promise<{ page: Page; snapshot: AppSnapshot }> {
    const [near, far] = createPortPair();
    app.addWindow(far, view);
    const page = new Page(near);
    return { page, snapshot: await page.client.call("hello", {}) };
  }

  all<K extends EventName>(name: K): Events[K][] {
    return this.heard.filter((heard) => heard.name === name).map(({ value }) => value as Events[K]);
  }

  /** The next or earlier event that fits. */
  async until<K extends EventName>(
    name: K,
    fits: (value: Events[K]) => boolean = () => true,
  ): Promise<Events[K]> {
    for (;;) {
      const found = this.all(name).find(fits);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.#waiters.add(resolve));
    }
  }

  /** The `count`-th event of this name, as soon as it is there. */
  async count<K extends EventName>(name: K, count: number): Promise<Events[K]> {
    await this.until(name, () => this.all(name).length >= count);
    return this.all(name)[count - 1]!;
  }

  async finished(turnId: string): Promise<Extract<Events["turn"], { type: "turn-finished" }>> {
    const event = await this.until("turn", (turn) => turn.turnId === turnId && turn.type === "turn-finished");
    return event as Extract<Events["turn"], { type: "turn-finished" }>;
  }

  record(turnId: string): Promise<LatencyRecord> {
    return this.until("latency.record", (record) => record.turnId === turnId);
  }

  /** Reports this many samples of the turn as played since this page began to play it. */
  play(turnId: string, samples: number): void {
    const before = this.#played.get(turnId) ?? 0;
    this.#played.set(turnId, samples);
    const nowMs = systemClock.nowMs();
    const first = { firstReceivedAtMs: nowMs, firstHeardAtMs: nowMs, outputLatencyMs: 0 };
    this.client.notify("player.played", {
      turnId,
      playedSamples: samples,
      underruns: 0,
      ...(before === 0 && samples > 0 ? first : {}),
    });
  }

  /** Samples of a turn that reached this page, joined in order. */
  speech(turnId: string): Float32Array {
    const chunks = this.all("audio").filter((audio) => audio.turnId === turnId);
    return Float32Array.from(chunks.flatMap(({ pcm }) => Array.from(pcm)));
  }

  /** Plays everything of the turn that has arrived. */
  playAll(turnId: string): void {
    const received = this.#received.get(turnId) ?? 0;
    if (received > (this.#played.get(turnId) ?? 0)) this.play(turnId, received);
  }

  #hear(heard: Heard): void {
    this.heard.push(heard);
    const { name, value } = heard;
    if (name === "audio") this.#received.set(value.turnId, value.startSample + value.pcm.length);
    if (name === "player.gain") {
      if (value.gain > 0) this.#held.delete(value.turnId);
      else this.#fallSilent(value.turnId, () => this.#held.add(value.turnId));
    }
    if (name === "player.stop") this.#fallSilent(value.turnId, () => this.#received.delete(value.turnId));
    if ((name === "audio" || name === "player.gain") && this.#plays(value.turnId)) this.playAll(value.turnId);
    for (const resolve of this.#waiters) resolve();
    this.#waiters.clear();
  }

  #plays(turnId: string): boolean {
    return !this.isPaused && !this.paused.has(turnId) && !this.#held.has(turnId);
  }

  /** What sounds falls silent at once, and says so. */
  #fallSilent(turnId: string, silence: () => void): void {
    const playedSamples = this.#played.get(turnId) ?? 0;
    const wasSounding = playedSamples > 0 && !this.#held.has(turnId);
    silence();
    if (!wasSounding) return;
    const silentAtMs = systemClock.nowMs();
    this.client.notify("player.played", { turnId, playedSamples, underruns: 0, silentAtMs });
  }
}
