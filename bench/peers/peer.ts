import { fork, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import { childEnv } from "../../src/main/models/child-env.ts";
import type { PeerOptions, PeerTurn } from "./pipeline.ts";
import type { PeerAnswer, PeerRequest } from "./process.ts";

/** The peer pipeline, running in a process of its own. Requests are made one after the other. */
export class Peer {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** Starts the process and loads the models. Rejects with the process's reason. */
  static async start(options: PeerOptions): Promise<Peer> {
    const entry = fileURLToPath(new URL("process.ts", import.meta.url));
    const child = fork(entry, [], {
      serialization: "advanced",
      env: childEnv(process.env),
      execArgv: [],
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    // Read, so that the process never blocks on a full pipe; its failures come as answers.
    child.stderr?.resume();
    const peer = new Peer(child);
    try {
      await peer.#request({ type: "load", options });
      return peer;
    } catch (error) {
      child.kill();
      throw error;
    }
  }

  async restart(): Promise<void> {
    await this.#request({ type: "restart" });
  }

  /** `question` is 16 kHz mono. */
  async ask(question: Float32Array): Promise<PeerTurn> {
    const { turn } = await this.#request({ type: "ask", question });
    return turn!;
  }

  /** Ends the process and waits until it is gone. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => void this.#child.once("exit", () => resolve()));
    this.#child.kill();
    await gone;
  }

  #request(request: PeerRequest): Promise<Extract<PeerAnswer, { type: "done" }>> {
    const { promise, resolve, reject } = Promise.withResolvers<Extract<PeerAnswer, { type: "done" }>>();
    const onExit = (code: number | null): void => reject(new Error(`The peer ended with exit code ${code}.`));
    this.#child.once("exit", onExit);
    this.#child.once("message", (answer: PeerAnswer) => {
      this.#child.off("exit", onExit);
      if (answer.type === "done") resolve(answer);
      else reject(new Error(`The peer failed: ${answer.reason}`));
    });
    this.#child.send(request, (error) => error && reject(error));
    return promise;
  }
}
