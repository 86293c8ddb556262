import { Readable } from "node:stream";
import type { UtilityProcess } from "electron";
import type { ChildHandle } from "../models/child-handle.ts";
import { OutputTail } from "../models/output-tail.ts";
import { Inbox } from "../../shared/ports/inbox.ts";

/** The part of a UtilityProcess that is used here. */
export type UtilityLike = Pick<
  UtilityProcess,
  "on" | "once" | "postMessage" | "kill" | "stdout" | "stderr"
> & {
  readonly pid?: number | undefined;
};

/**
 * Makes a started `utilityProcess` a ChildHandle, so that the supervisor cannot tell it from a fork. `killHard` ends a
 * process by its id (SIGKILL): Electron's own `kill` is SIGTERM, which a process inside a native call never sees.
 */
export function utilityChild(child: UtilityLike, killHard: (pid: number) => void): ChildHandle {
  const inbox = new Inbox();
  const tail = new OutputTail();
  // Electron types its pipes as the bare interface; they are Readable streams.
  for (const stream of [child.stdout, child.stderr]) tail.follow(stream instanceof Readable ? stream : null);
  const exited = Promise.withResolvers<void>();
  child.on("message", (message: unknown) => inbox.deliver(message));
  child.once("exit", (code: number) => {
    inbox.close({ by: "peer", reason: `exit code ${code}` });
    exited.resolve();
  });
  return {
    port: {
      get closed() {
        return inbox.closed;
      },
      post(message) {
        if (!inbox.isClosed) child.postMessage(message);
      },
      onMessage: (listener) => inbox.onMessage(listener),
      [Symbol.dispose]() {
        inbox.close({ by: "self", reason: "disposed" });
        child.kill();
      },
    },
    // Electron knows the id only after the process has spawned.
    get pid() {
      return child.pid;
    },
    exited: exited.promise,
    output: () => tail.lines(),
    kill() {
      if (child.pid === undefined) child.kill();
      else killHard(child.pid);
    },
  };
}
