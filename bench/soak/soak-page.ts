import type { AppService, Phase } from "../../src/shared/app-contract.ts";
import { systemClock } from "../../src/shared/clock.ts";
import type { Port } from "../../src/shared/port.ts";
import { connect, type RpcClient } from "../../src/shared/rpc.ts";

type Events = AppService["events"];

/** What a page knows of a turn. */
export interface SeenTurn {
  readonly turnId: string;
  /** The whole reply, as far as it was generated. */
  reply: string;
  tokens: number;
  chunks: number;
  /** 24 kHz samples that arrived, and those that were played. */
  received: number;
  played: number;
  /** 0 while it is held. */
  gain: number;
  isStopped: boolean;
  isEnded: boolean;
  finished: Extract<Events["turn"], { type: "turn-finished" }> | null;
}

/** How much of a waiting turn the player plays by itself. */
type Playing = "all" | { readonly chunks: number; readonly played: number };

/**
 * A page without a screen that plays everything at once, or only a part of it, and notes whatever should never happen:
 * sound of a turn that was stopped, gaps and overlaps, a turn that ends twice, a reply that is not what was heard.
 */
export class SoakPage implements Disposable {
  readonly client: RpcClient<AppService>;
  readonly problems: string[] = [];
  /** How the turns ended, so far. */
  readonly outcomes = { completed: 0, interrupted: 0, failed: 0 };
  readonly turns = new Map<string, SeenTurn>();
  /** The turn opened last. */
  newest: SeenTurn | null = null;
  phase: Phase = "idle";
  holds = 0;
  /** Reports of the microphone's level. */
  levels = 0;
  playing: Playing = "all";
  readonly #port: Port;
  readonly #waiters = new Set<() => void>();

  constructor(port: Port) {
    this.#port = port;
    const client = (this.client = connect<AppService>(port));
    client.on("turn.opened", ({ turnId }) => this.#seen(() => this.#onOpened(turnId)));
    client.on("turn", (event) => this.#seen(() => this.#onTurn(event)));
    client.on("audio", (audio) => this.#seen(() => this.#onAudio(audio)));
    client.on("audio.end", ({ turnId }) => this.#seen(() => (this.#turn(turnId).isEnded = true)));
    client.on("player.stop", ({ turnId }) => this.#seen(() => this.#onStop(turnId)));
    client.on("player.gain", (change) => this.#seen(() => this.#onGain(change)));
    client.on("state", ({ phase }) => this.#seen(() => (this.phase = phase)));
    client.on("level", () => this.#seen(() => this.levels++));
    client.on("notice", ({ level, message }) => {
      if (level === "error") this.problems.push(`notice: ${message}`);
    });
  }

  /** Waits for the models, turns hands-free on and opens the microphone. Rejects when a model was given up. */
  async begin(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const check = ({ listener, voxtral, kokoro }: Events["engine"]): void => {
      const states = [listener, voxtral, kokoro].map(({ state }) => state);
      if (states.every((state) => state === "ready")) resolve();
      if (states.some((state) => state === "failed" || state === "gave-up")) {
        reject(new Error("A model could not be started."));
      }
    };
    const leave = this.client.on("engine", check);
    check((await this.client.call("hello", {})).engine);
    await promise.finally(leave);
    await this.client.call("settings.update", { patch: { turnTaking: { mode: "hands-free" } } });
    this.client.notify("mic.state", { state: "armed", label: "soak" });
  }

  /** Settles with true when `fits` is, after whatever event; with false when that takes longer than `limitMs`. */
  async until(fits: () => boolean, limitMs: number): Promise<boolean> {
    const untilMs = systemClock.nowMs() + limitMs;
    using _limit = systemClock.after(limitMs, () => this.#wake());
    while (!fits() && systemClock.nowMs() < untilMs) {
      await new Promise<void>((resolve) => this.#waiters.add(resolve));
    }
    return fits();
  }

  /** Plays what has arrived of the newest turn, as far as `playing` lets it. */
  play(): void {
    const turn = this.newest;
    if (!turn || turn.isStopped || turn.gain === 0 || this.playing !== "all") return;
    this.#report(turn, turn.received);
  }

  [Symbol.dispose](): void {
    this.#port[Symbol.dispose]();
  }

  #onOpened(turnId: string): void {
    this.newest = this.#turn(turnId);
    // What is long over cannot go wrong any more; kept, it would be a leak of our own.
    for (const old of [...this.turns.keys()].slice(0, -4)) this.turns.delete(old);
  }

  #onTurn(event: Events["turn"]): void {
    const turn = this.#turn(event.turnId);
    if (event.type === "token") {
      turn.tokens++;
      turn.reply += event.text;
    }
    if (event.type !== "turn-finished") return;
    if (turn.finished) this.problems.push("a turn ended twice");
    turn.finished = event;
    this.outcomes[event.outcome]++;
    if (event.outcome === "failed") this.problems.push(`a turn failed: ${event.error?.message}`);
    if (!turn.reply.trim().startsWith(event.reply)) this.problems.push("a reply holds what was not said");
    if (!event.queue.voiceConsistent) this.problems.push("a turn spoke in two voices");
  }

  #onAudio({ turnId, startSample, pcm }: Events["audio"]): void {
    const turn = this.#turn(turnId);
    if (turn !== this.newest) this.problems.push("sound of an older turn");
    if (turn.isStopped) this.problems.push("sound of a turn that was stopped");
    if (startSample !== turn.received) this.problems.push("sound with a gap or an overlap");
    turn.received = startSample + pcm.length;
    turn.chunks++;
    if (this.playing !== "all" && turn.chunks === this.playing.chunks) {
      this.#report(turn, startSample + Math.floor(pcm.length * this.playing.played));
    } else if (this.playing === "all" || turn.chunks < this.playing.chunks) {
      if (turn.gain > 0) this.#report(turn, turn.received);
    }
  }

  #onStop(turnId: string): void {
    const turn = this.#turn(turnId);
    turn.isStopped = true;
    if (turn.played > 0) this.#report(turn, turn.played, systemClock.nowMs());
  }

  #onGain({ turnId, gain }: Events["player.gain"]): void {
    const turn = this.#turn(turnId);
    turn.gain = gain;
    if (gain === 0) this.holds++;
    if (gain === 0 && turn.played > 0) this.#report(turn, turn.played, systemClock.nowMs());
    this.play();
  }

  #report(turn: SeenTurn, playedSamples: number, silentAtMs?: number): void {
    const isFirst = turn.played === 0 && playedSamples > 0;
    turn.played = playedSamples;
    const nowMs = systemClock.nowMs();
    this.client.notify("player.played", {
      turnId: turn.turnId,
      playedSamples,
      underruns: 0,
      ...(isFirst ? { firstReceivedAtMs: nowMs, firstHeardAtMs: nowMs, outputLatencyMs: 0 } : {}),
      ...(silentAtMs === undefined ? {} : { silentAtMs }),
    });
  }

  #turn(turnId: string): SeenTurn {
    const known = this.turns.get(turnId);
    if (known) return known;
    const turn: SeenTurn = {
      turnId,
      reply: "",
      tokens: 0,
      chunks: 0,
      received: 0,
      played: 0,
      gain: 1,
      isStopped: false,
      isEnded: false,
      finished: null,
    };
    this.turns.set(turnId, turn);
    return turn;
  }

  #seen(take: () => void): void {
    take();
    this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#waiters) resolve();
    this.#waiters.clear();
  }
}
