import { spawn } from "node:child_process";

export interface CommandResult {
  /** Null when a signal ended it, or when it could not be started. */
  readonly exitCode: number | null;
  /** The last of what it wrote, on both streams. */
  readonly output: string;
  readonly hasTimedOut: boolean;
}

export interface CommandOptions {
  readonly cwd: string;
  readonly timeoutMs: number;
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * For a build whose page people get. React's development build, which vite takes with any other NODE_ENV (that of a shell, or of
 * a test run), renders several times as slowly, on the thread that speech comes through.
 */
export const productionBuild = { NODE_ENV: "production" } as const;

const keptCharacters = 4000;

/** Runs a script of this package with the Node that runs us, for at most `timeoutMs`. Never rejects. */
export function runNode(
  script: string,
  parameters: readonly string[],
  options: CommandOptions,
): Promise<CommandResult> {
  const { promise, resolve } = Promise.withResolvers<CommandResult>();
  const child = spawn(process.execPath, [script, ...parameters], {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: options.timeoutMs,
    killSignal: "SIGKILL",
  });
  let output = "";
  const keep = (text: string): void => void (output = (output + text).slice(-keptCharacters));
  child.stdout.setEncoding("utf8").on("data", keep);
  child.stderr.setEncoding("utf8").on("data", keep);
  child.on("error", (error) => keep(error.message));
  child.on("close", (exitCode, signal) => {
    resolve({ exitCode, output, hasTimedOut: signal === "SIGKILL" });
  });
  return promise;
}
