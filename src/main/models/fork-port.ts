import { fork, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Port, PortClosed } from "../../shared/port.ts";
import { Inbox } from "../../shared/ports/inbox.ts";
import { childEnv } from "./child-env.ts";
import type { ChildHandle, ProcessKind } from "./child-handle.ts";
import { moduleBeside } from "./module-beside.ts";
import { OutputTail } from "./output-tail.ts";

/** Starts the process of a model, or of a trial, under plain Node. */
export function forkModel(kind: ProcessKind): ChildHandle {
  return forkChild(moduleBeside(import.meta.url, "process"), [kind]);
}

/**
 * Forks the module at `url` with a channel that carries typed arrays (the advanced serialisation), our allow-listed
 * environment and none of our own Node flags. Its output is kept, not shown. Never throws: a process that cannot be
 * started closes its port with the reason.
 */
export function forkChild(url: URL, args: readonly string[]): ChildHandle {
  const child = fork(fileURLToPath(url), [...args], {
    serialization: "advanced",
    env: childEnv(process.env),
    execArgv: [],
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  const tail = new OutputTail();
  tail.follow(child.stdout);
  tail.follow(child.stderr);
  const port = new ParentPort(child);
  return {
    port,
    pid: child.pid,
    exited: port.exited,
    output: () => tail.lines(),
    kill: () => void child.kill("SIGKILL"),
  };
}

/**
 * Messages travel in an array of one: Node refuses to send a bare undefined, and takes any object whose `cmd` starts
 * with NODE_ for one of its own messages.
 */
export function unbox(boxed: unknown): unknown {
  return Array.isArray(boxed) && boxed.length === 1 ? boxed[0] : undefined;
}

/** The parent's end of a fork with the advanced serialisation. */
export class ParentPort implements Port {
  readonly #child: ChildProcess;
  readonly #inbox = new Inbox();
  readonly exited: Promise<void>;

  constructor(child: ChildProcess) {
    this.#child = child;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.exited = promise;
    const close = (reason: string): void => this.#inbox.close({ by: "peer", reason });
    child.on("message", (boxed) => this.#inbox.deliver(unbox(boxed)));
    // `close` comes after `exit`, when the channel and the output have been read to their ends. It does not come
    // once we have disconnected, but then the port is closed already.
    child.on("close", (code, signal) => close(signal ?? `exit code ${code}`));
    child.on("exit", () => resolve());
    child.on("error", (error) => {
      if (child.pid !== undefined) return; // A failed kill or send; if it matters, `exit` follows.
      close(`not started: ${error.message}`);
      resolve();
    });
  }

  get closed(): Promise<PortClosed> {
    return this.#inbox.closed;
  }

  post(message: unknown): void {
    // The callback swallows only what a dying peer causes; an uncloneable message throws here and now.
    if (!this.#inbox.isClosed && this.#child.connected) this.#child.send([message], () => {});
  }

  onMessage(listener: (message: unknown) => void): () => void {
    return this.#inbox.onMessage(listener);
  }

  [Symbol.dispose](): void {
    this.#inbox.close({ by: "self", reason: "disposed" });
    if (this.#child.connected) this.#child.disconnect();
  }
}
