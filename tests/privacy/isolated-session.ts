import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

/** What a command left behind in a world of its own. */
export interface IsolatedSession {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Files under its home and its temporary folder, relative to both. */
  readonly leftBehind: readonly string[];
  /** Attempts of any of its processes to send anything to anyone, by the kernel's count. */
  readonly networkAttempts: number;
}

/** Why this machine cannot isolate a process from the network; undefined where it can. */
export function isolationObstacle(): string | undefined {
  if (process.platform !== "linux") return "network namespaces exist on Linux only";
  const { status, stderr, error } = spawnSync("unshare", [...namespace(), "true"], { encoding: "utf8" });
  return status === 0 ? undefined : `unshare cannot make a network namespace: ${error?.message ?? stderr}`;
}

/**
 * Runs Node with `parameters` in a network namespace that has no interface, loopback included, and with an empty home.
 * There every connection and every name lookup fails, whichever library and process tries it, and the kernel counts it:
 * no route to any host is left. (A literal IPv6 address is refused uncounted; a name is not.) `onFirstOutput` is called with
 * the process id above all others as soon as the command prints something.
 */
export async function runIsolated(
  parameters: readonly string[],
  onFirstOutput: (pid: number) => void = () => {},
): Promise<IsolatedSession> {
  const folder = mkdtempSync(path.join(tmpdir(), "parley-privacy-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const home = path.join(folder, "home");
  const temporary = path.join(folder, "tmp");
  for (const each of [home, temporary]) mkdirSync(each);
  const counters = path.join(folder, "counters");
  const shell = '"$@"; code=$?; cat /proc/net/snmp /proc/net/snmp6 > "$COUNTERS"; exit $code';
  const child = spawn("unshare", [...namespace(), "sh", "-c", shell, "sh", process.execPath, ...parameters], {
    env: { PATH: process.env["PATH"], HOME: home, TMPDIR: temporary, COUNTERS: counters },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  // The whole group: the command and its model processes.
  onTestFinished(() => void (child.exitCode === null && process.kill(-child.pid!, "SIGKILL")));
  let stdout = "";
  let stderr = "";
  child.stdout.once("data", () => onFirstOutput(child.pid!));
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const ended = Promise.withResolvers<number | null>();
  child.on("error", ended.reject);
  child.on("close", ended.resolve);
  const exitCode = await ended.promise;
  const leftBehind = [home, temporary].flatMap((root) =>
    readdirSync(root, { recursive: true, encoding: "utf8" }).map((file) =>
      path.join(path.basename(root), file),
    ),
  );
  return { exitCode, stdout, stderr, leftBehind, networkAttempts: attempts(readFileSync(counters, "utf8")) };
}

/** A user namespace lets an ordinary user make the network namespace; root needs none. */
function namespace(): string[] {
  const isRoot = process.getuid?.() === 0;
  return [...(isRoot ? [] : ["--user", "--map-root-user"]), "--net", "--"];
}

/**
 * Sum of the counters that any attempt to send moves. `snmp` has a line of names and one of values for each protocol,
 * `snmp6` one name and value a line.
 */
function attempts(text: string): number {
  const watched = new Set([
    "Ip:OutNoRoutes",
    "Ip:OutRequests",
    "Tcp:ActiveOpens",
    "Udp:OutDatagrams",
    "Ip6OutNoRoutes",
    "Ip6OutRequests",
    "Udp6OutDatagrams",
  ]);
  let sum = 0;
  let names: string[] = [];
  for (const line of text.trim().split("\n")) {
    const [head = "", ...fields] = line.trim().split(/\s+/);
    if (head.endsWith(":")) {
      if (fields.some((field) => /[A-Za-z]/.test(field))) names = fields;
      else fields.forEach((value, i) => watched.has(head + names[i]) && (sum += Number(value)));
    } else if (watched.has(head)) {
      sum += Number(fields[0]);
    }
  }
  return sum;
}

export const cliEntry = fileURLToPath(new URL("../../src/main/cli.ts", import.meta.url));
