import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { turnEventSchema, type TurnEvent } from "../../src/shared/contract.ts";

const entry = fileURLToPath(new URL("../../src/main/cli.ts", import.meta.url));
const goldenFolder = fileURLToPath(new URL("../golden/voxtral/", import.meta.url));

export const goldenWav = (name: string): string => path.join(goldenFolder, `${name}.wav`);

export interface Finished {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningCli {
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;
  /** Resolves as soon as standard output has `text` in it; rejects when the command ends without it. */
  prints(text: string): Promise<void>;
}

/** Starts the real command line as a process of its own, in its own process group as a terminal would. */
export function startCli(
  parameters: readonly string[],
  env: Readonly<Record<string, string>> = {},
): RunningCli {
  const child = spawn(process.execPath, [entry, ...parameters], {
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
    env: { ...process.env, ...env },
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const { promise: finished, resolve } = Promise.withResolvers<Finished>();
  child.on("close", (exitCode) => resolve({ exitCode, stdout, stderr }));
  onTestFinished(() => void child.kill("SIGKILL"));
  return {
    child,
    finished,
    prints(text) {
      const seen = Promise.withResolvers<void>();
      const look = (): void => void (stdout.includes(text) && seen.resolve());
      child.stdout.on("data", look);
      look();
      void finished.then(({ stderr: said }) => seen.reject(new Error(`ended without "${text}": ${said}`)));
      return seen.promise;
    },
  };
}

export function runCli(...parameters: string[]): Promise<Finished> {
  return startCli(parameters).finished;
}

/** A folder of its own for the test, removed afterwards. */
export function scratchFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), "parley-cli-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The events of `--json`, each checked against the contract. */
export function eventsIn(stdout: string): TurnEvent[] {
  return stdout
    .trim()
    .split("\n")
    .map((line) => turnEventSchema.parse(JSON.parse(line)));
}

/** Ids of live processes of this group: the command and every model process it started. */
export function groupIsAlive(groupId: number): boolean {
  try {
    return process.kill(-groupId, 0);
  } catch {
    return false; // ESRCH: none is left.
  }
}
