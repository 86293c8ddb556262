import type { AppService, AppSnapshot } from "../../shared/app-contract.ts";
import { systemClock } from "../../shared/clock.ts";
import { AppError } from "../../shared/errors.ts";
import type { Port } from "../../shared/port.ts";
import { connect, type RpcClient } from "../../shared/rpc.ts";
import { clockOffsetMs, type ClockProbe } from "./clock-offset.ts";

export type AppClient = RpcClient<AppService>;

export interface LinkEvents {
  /** Connected (again): subscribe to what is needed. Called before anything else can arrive. */
  opened(client: AppClient): void;
  /** The state of everything, as of now. */
  greeted(snapshot: AppSnapshot, clockOffsetMs: number): void;
  /** `error` is why the connection could not be made; null when it was there and went. */
  lost(attempt: number, error: AppError | null): void;
}

const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 5000;
const CLOCK_PROBES = 5;

/** Keeps the page connected to the main side: after a loss it tries again, ever more slowly, until disposed. */
export class Link implements Disposable {
  readonly #openPort: () => Promise<Port>;
  readonly #events: LinkEvents;
  readonly #disposed = Promise.withResolvers<void>();
  #client: AppClient | undefined;
  #port: Port | undefined;
  #isDisposed = false;

  constructor(openPort: () => Promise<Port>, events: LinkEvents) {
    this.#openPort = openPort;
    this.#events = events;
  }

  /** Runs until disposed. */
  async run(): Promise<void> {
    let attempt = 0;
    while (!this.#isDisposed) {
      const error = await this.#serveOnce();
      if (this.#isDisposed) return;
      attempt = error === null ? 1 : attempt + 1;
      this.#events.lost(attempt, error);
      await this.#pause(Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** (attempt - 1)));
    }
  }

  /** Throws `engine-gone` while there is no connection. */
  get client(): AppClient {
    if (!this.#client) {
      throw new AppError("engine-gone", "Parley is reconnecting to its engine. Try again in a moment.");
    }
    return this.#client;
  }

  /** Sends a notice, or drops it while there is no connection: notices are about now. */
  notify: AppClient["notify"] = (method, params) => this.#client?.notify(method, params);

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    this.#disposed.resolve();
    this.#port?.[Symbol.dispose]();
  }

  /** One connection from open to close. Null when it got as far as a greeting, else what was in the way. */
  async #serveOnce(): Promise<AppError | null> {
    let failure: AppError | null = null;
    try {
      const port = await this.#openPort();
      this.#port = port;
      const client = connect<AppService>(port);
      this.#client = client;
      this.#events.opened(client);
      const snapshot = await client.call("hello", {});
      this.#events.greeted(snapshot, await measureClock(client));
      await port.closed;
      client[Symbol.dispose]();
    } catch (error) {
      failure = AppError.from(error);
      this.#port?.[Symbol.dispose]();
    }
    this.#client = undefined;
    this.#port = undefined;
    return failure;
  }

  async #pause(delayMs: number): Promise<void> {
    const waited = Promise.withResolvers<void>();
    using _timer = systemClock.after(delayMs, waited.resolve);
    await Promise.race([waited.promise, this.#disposed.promise]);
  }
}

async function measureClock(client: AppClient): Promise<number> {
  const probes: ClockProbe[] = [];
  for (let index = 0; index < CLOCK_PROBES; index++) {
    const sentMs = systemClock.nowMs();
    const { nowMs } = await client.call("clock", {});
    probes.push({ sentMs, mainMs: nowMs, receivedMs: systemClock.nowMs() });
  }
  return clockOffsetMs(probes);
}
