import { fileURLToPath } from "node:url";
import type { utilityProcess } from "electron";
import { childEnv } from "../models/child-env.ts";
import type { ChildHandle, ProcessKind } from "../models/child-handle.ts";
import { utilityChild } from "./utility-child.ts";

/** The built entry of a model process; electron.vite.config.ts keeps the folders of the source. */
const entry = fileURLToPath(new URL("../models/process.js", import.meta.url));

/** Starts model processes as Electron utility processes, with the same allow-listed environment as under Node. */
export function utilitySpawner(
  utility: Pick<typeof utilityProcess, "fork">,
): (kind: ProcessKind) => ChildHandle {
  return (kind) =>
    utilityChild(
      utility.fork(entry, [kind], {
        serviceName: `Parley ${kind}`,
        env: childEnv(process.env),
        stdio: "pipe",
        execArgv: [],
      }),
      (pid) => {
        try {
          process.kill(pid, "SIGKILL");
        } catch {
          // It ended by itself in the meantime, which is what was wanted.
        }
      },
    );
}
