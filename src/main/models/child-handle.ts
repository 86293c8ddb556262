import type { Port } from "../../shared/port.ts";

/** The model processes, named as they show in a process list. */
export const modelKinds = ["listener", "voxtral", "kokoro"] as const;
export type ModelKind = (typeof modelKinds)[number];

/** What can be started: the models, and the process in which execution providers are tried. */
export type ProcessKind = ModelKind | "probe";

/** A running child, whatever started it: `child_process.fork` here, `utilityProcess` in the Electron host. */
export interface ChildHandle {
  /** Closes when the process has ended, with its exit code or signal as the reason. */
  readonly port: Port;
  /** Undefined when the process could not be started. */
  readonly pid: number | undefined;
  /** Settles once the process has ended, or could not be started. Never rejects. */
  readonly exited: Promise<void>;
  /** The last lines the process wrote to its standard output and error, oldest first. */
  output(): readonly string[];
  /** Ends the process at once, even while it is stopped or in a native call. Idempotent. */
  kill(): void;
}
