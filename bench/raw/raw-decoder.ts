import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { childEnv } from "../../src/main/models/child-env.ts";
import type { RawRequest, RawTimes } from "./process.ts";

/** Bare runs of the decoder graph in a process of their own. Requests are made one after the other. */
export class RawDecoder {
  readonly #child: ChildProcess = fork(fileURLToPath(new URL("process.ts", import.meta.url)), [], {
    env: childEnv(process.env),
    execArgv: [],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });

  /** Rejects when the process ends instead of answering; why stands on standard error. */
  run(request: RawRequest): Promise<RawTimes> {
    const { promise, resolve, reject } = Promise.withResolvers<RawTimes>();
    const onExit = (): void => reject(new Error("The raw decoder ended before it had answered."));
    this.#child.once("exit", onExit);
    this.#child.once("message", (times: RawTimes) => {
      this.#child.off("exit", onExit);
      resolve(times);
    });
    this.#child.send(request, (error) => error && reject(error));
    return promise;
  }

  /** Ends the process and waits until it is gone. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, "exit");
    this.#child.kill();
    await exited;
  }
}
