import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { ParentPort } from "../models/fork-port.ts";
import type { PageView } from "../browser/sockets.ts";
import type { Port } from "../../shared/port.ts";
import { systemClock } from "../../shared/clock.ts";
import { RelayedWindows } from "./relay.ts";

const entry = fileURLToPath(new URL("app-process.ts", import.meta.url));
/** The app ends its models and closes the database in its own order; one that hangs is not waited for longer. */
const stopLimitMs = 5000;

interface Running {
  readonly windows: RelayedWindows;
  readonly exited: Promise<void>;
  stop(): void;
  kill(): void;
}

/** The app in a process of its own, exchanged for a new one whenever its sources change. */
export class MainProcess implements AsyncDisposable {
  readonly #parameters: readonly string[];
  readonly #log: (line: string) => void;
  #running: Running | null = null;
  #restarting: Promise<void> | null = null;
  #isDisposed = false;

  /** `parameters` for app-process.ts. */
  constructor(parameters: readonly string[], log: (line: string) => void) {
    this.#parameters = parameters;
    this.#log = log;
    this.#start();
  }

  /** Serves a page, if need be when the next app is there. After a crash its port is closed, and the page tries again. */
  addWindow(port: Port, view: PageView): void {
    if (this.#running) this.#running.windows.add(port, view);
    else if (this.#restarting) void this.#restarting.then(() => this.addWindow(port, view));
    else port[Symbol.dispose]();
  }

  /** Ends the app, then starts it from the sources as they are then. Calls meanwhile are one. */
  restart(): Promise<void> {
    this.#restarting ??= this.#exchange().finally(() => (this.#restarting = null));
    return this.#restarting;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    await this.#restarting;
    await this.#end();
  }

  async #exchange(): Promise<void> {
    await this.#end();
    if (!this.#isDisposed) this.#start();
  }

  async #end(): Promise<void> {
    const running = this.#running;
    if (!running) return;
    this.#running = null;
    running.stop();
    using _limit = systemClock.after(stopLimitMs, () => running.kill());
    await running.exited;
  }

  #start(): void {
    const child = fork(entry, [...this.#parameters], {
      serialization: "advanced",
      stdio: ["ignore", "inherit", "inherit", "ipc"],
      execArgv: [],
    });
    const link = new ParentPort(child);
    let isStopped = false;
    const running: Running = {
      windows: new RelayedWindows(link),
      exited: link.exited,
      stop() {
        isStopped = true;
        // Closing the channel is the request to end: app-process.ts.
        link[Symbol.dispose]();
      },
      kill: () => void child.kill("SIGKILL"),
    };
    this.#running = running;
    const forget = async (): Promise<void> => {
      await link.exited;
      link[Symbol.dispose]();
      if (this.#running === running) this.#running = null;
      if (!isStopped) this.#log("The main side ended. It starts again when one of its files changes.");
    };
    void forget();
  }
}
