import { WebSocket } from "ws";
import { clockOffsetMs, type ClockProbe } from "../../src/renderer/bridge/clock-offset.ts";
import type { AppService, EngineState, PlayerAudio } from "../../src/shared/app-contract.ts";
import { systemClock } from "../../src/shared/clock.ts";
import type { Port } from "../../src/shared/port.ts";
import { webSocketPort } from "../../src/shared/ports/web-socket.ts";
import { connect, type RpcClient } from "../../src/shared/rpc.ts";

/** A chunk of speech on its way, in milliseconds of main's clock. */
export interface ChunkTransport {
  readonly sentAtMs: number;
  readonly receivedAtMs: number;
}

type Finished = Extract<AppService["events"]["turn"], { type: "turn-finished" }>;

const CLOCK_PROBES = 20;

/**
 * A page without a screen over a real WebSocket. It plays whatever arrives at once, so that a turn takes as long as its
 * models and no longer, and keeps nothing of a turn but the times of its chunks.
 */
export class BenchPage implements Disposable {
  readonly client: RpcClient<AppService>;
  readonly chunks: ChunkTransport[] = [];
  readonly #port: Port;
  readonly #finished = new Map<string, PromiseWithResolvers<Finished>>();
  #offsetMs = 0;

  private constructor(port: Port) {
    this.#port = port;
    this.client = connect<AppService>(port);
    this.client.on("audio", (audio) => this.#play(audio));
    this.client.on("turn", (turn) => {
      if (turn.type === "turn-finished") this.#wait(turn.turnId).resolve(turn);
    });
  }

  /** Resolves when the clocks are related and the models can answer. Rejects when a model was given up. */
  static async open(origin: string, cookie: string): Promise<BenchPage> {
    const url = `${origin.replace("http", "ws")}/session/socket?view=main`;
    const page = new BenchPage(webSocketPort(new WebSocket(url, { headers: { origin, cookie } })));
    await page.#untilReady();
    const probes: ClockProbe[] = [];
    for (let i = 0; i < CLOCK_PROBES; i++) {
      const sentMs = systemClock.nowMs();
      const { nowMs } = await page.client.call("clock", {});
      probes.push({ sentMs, mainMs: nowMs, receivedMs: systemClock.nowMs() });
    }
    page.#offsetMs = clockOffsetMs(probes);
    return page;
  }

  /** Waits for the turn that `ask` starts. Rejects when it does not complete. */
  async answer(ask: Promise<{ readonly turnId: string }>): Promise<Finished> {
    const { turnId } = await ask;
    const finished = await this.#wait(turnId).promise;
    this.#finished.delete(turnId);
    if (finished.outcome !== "completed") throw new Error(`A turn ended ${finished.outcome}.`);
    return finished;
  }

  [Symbol.dispose](): void {
    this.#port[Symbol.dispose]();
  }

  /** The end of a turn may come before the answer that names it. */
  #wait(turnId: string): PromiseWithResolvers<Finished> {
    const waiting = this.#finished.get(turnId) ?? Promise.withResolvers<Finished>();
    this.#finished.set(turnId, waiting);
    return waiting;
  }

  #play({ turnId, startSample, pcm, sentAtMs }: PlayerAudio): void {
    const receivedAtMs = systemClock.nowMs() + this.#offsetMs;
    this.chunks.push({ sentAtMs, receivedAtMs });
    this.client.notify("player.played", {
      turnId,
      playedSamples: startSample + pcm.length,
      underruns: 0,
      ...(startSample > 0
        ? {}
        : { firstReceivedAtMs: receivedAtMs, firstHeardAtMs: receivedAtMs, outputLatencyMs: 0 }),
    });
  }

  async #untilReady(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const check = ({ listener, voxtral, kokoro }: EngineState): void => {
      const states = [listener, voxtral, kokoro].map(({ state }) => state);
      if (states.every((state) => state === "ready")) resolve();
      if (states.some((state) => state === "failed" || state === "gave-up")) {
        reject(new Error("A model could not be started."));
      }
    };
    const leave = this.client.on("engine", check);
    check((await this.client.call("hello", {})).engine);
    await promise.finally(leave);
  }
}
