import { existsSync, readdirSync, readFileSync } from "node:fs";

/** What a process of the app holds. */
export interface ProcessReading {
  /** Resident memory in KB. */
  readonly kb: number;
  /** Open files, sockets and pipes. */
  readonly handles: number;
}

/** Readings of the process `pid` (as `main`) and of each model process it started, by name; null without a /proc. */
export function readProcesses(pid: number): Record<string, ProcessReading> | null {
  if (!existsSync(`/proc/${pid}/smaps_rollup`)) return null;
  const readings: Record<string, ProcessReading> = { main: reading(pid) };
  for (const child of childrenOf(pid)) {
    // Model processes name themselves.
    const name = /^parley-(\w+)/.exec(readFileSync(`/proc/${child}/cmdline`, "utf8"))?.[1];
    if (name !== undefined) readings[name] = reading(child);
  }
  return readings;
}

/** A child belongs to the thread that started it: a test's thread is not always the first. */
function childrenOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8").split(" ").filter(Boolean).map(Number),
  );
}

function reading(pid: number): ProcessReading {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return {
    kb: Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? Number.NaN),
    handles: readdirSync(`/proc/${pid}/fd`).length,
  };
}
