import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { readProcesses } from "./processes.ts";
import { loopDelaySchema, type LoopDelay } from "./readings.ts";
import { arrivalSchema, type Arrival } from "./readings.ts";

const entry = fileURLToPath(new URL("../../src/main/browser.ts", import.meta.url));

/** The browser host as `npm start` runs it, in a folder of its own, with the probes of this folder loaded. */
export class Host implements AsyncDisposable {
  /** Where it listens, and the cookie that opens it. */
  readonly origin: string;
  readonly cookie: string;
  readonly #child: ChildProcess;
  readonly #folder: string;

  private constructor(child: ChildProcess, folder: string, origin: string, cookie: string) {
    this.#child = child;
    this.#folder = folder;
    this.origin = origin;
    this.cookie = cookie;
  }

  /** Rejects when the host ends before it says where it listens. */
  static async start(): Promise<Host> {
    const folder = mkdtempSync(path.join(tmpdir(), "parley-bench-"));
    const probe = new URL("host-probe.ts", import.meta.url);
    probe.searchParams.set("arrivals", arrivalsIn(folder));
    const child = spawn(process.execPath, ["--import", probe.href, entry, "--no-open", "--model", "nano"], {
      env: { ...process.env, PARLEY_HOME: path.join(folder, "home") },
      stdio: ["ignore", "pipe", "inherit", "ipc"],
    });
    const lines = createInterface(child.stdout!);
    const [address] = (await Promise.race([once(lines, "line"), once(child, "exit")])) as unknown[];
    if (typeof address !== "string")
      throw new Error("The host ended before it was there; its reason is above.");
    const { origin, hash } = new URL(address);
    const answer = await fetch(new URL("/session", origin), {
      method: "POST",
      headers: { origin },
      body: JSON.stringify({ token: new URLSearchParams(hash.slice(1)).get("token") }),
    });
    const [cookie = ""] = answer.headers.getSetCookie()[0]?.split(";") ?? [];
    return new Host(child, folder, origin, cookie);
  }

  /** The delays of main's event loop since the last time this was asked. */
  async loopDelay(): Promise<LoopDelay> {
    const answer = once(this.#child, "message");
    this.#child.send("delay");
    return loopDelaySchema.parse((await answer)[0]);
  }

  /** Blocks of microphone audio that reached the listener so far, oldest first; the newest 200 ms may be missing. */
  arrivals(): Arrival[] {
    const file = arrivalsIn(this.#folder);
    if (!existsSync(file)) return [];
    const lines = readFileSync(file, "utf8").split("\n").slice(0, -1);
    return lines.map((line) => arrivalSchema.parse(JSON.parse(line)));
  }

  /** Resident memory in KB of main and of each model process by name; null where there is no /proc to read it from. */
  memoryKb(): Record<string, number> | null {
    const readings = readProcesses(this.pid);
    return (
      readings && Object.fromEntries(Object.entries(readings).map(([name, { kb }]) => [name, kb] as const))
    );
  }

  get pid(): number {
    return this.#child.pid!;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGINT");
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, "exit");
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function arrivalsIn(folder: string): string {
  return path.join(folder, "arrivals.jsonl");
}
