import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { History } from "../../src/main/storage/history.ts";
import { Database } from "../../src/main/storage/database.ts";
import { systemClock } from "../../src/shared/clock.ts";
import { webSocketPort } from "../../src/shared/ports/web-socket.ts";
import { Page } from "../support/app-page.ts";

interface Running {
  readonly child: ChildProcess;
  /** Lines of standard output: the address, and nothing else. */
  readonly lines: string[];
  readonly errors: () => string;
  readonly address: URL;
}

/** The real entry, as `npm start` runs it without a display. */
async function run(folder: string, ...parameters: string[]): Promise<Running> {
  const entry = new URL("../../src/main/browser.ts", import.meta.url).pathname;
  const child = spawn(process.execPath, [entry, "--no-open", ...parameters], {
    env: { ...process.env, PARLEY_HOME: folder },
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
  const lines: string[] = [];
  const reader = createInterface(child.stdout).on("line", (line) => lines.push(line));
  await Promise.race([once(reader, "line"), once(child, "exit")]);
  if (!lines[0]) throw new Error(`no address: ${errors}`);
  return { child, lines, errors: () => errors, address: new URL(lines[0]) };
}

/** What a browser does: redeems the token, then connects with the cookie. */
async function enter(address: URL): Promise<Page> {
  const token = new URLSearchParams(address.hash.slice(1)).get("token");
  const { origin } = address;
  const answer = await fetch(new URL("/session", origin), {
    method: "POST",
    headers: { origin },
    body: JSON.stringify({ token }),
  });
  const cookie = answer.headers.getSetCookie()[0]!.split(";")[0]!;
  return connectPage(origin, cookie);
}

function connectPage(origin: string, cookie: string): Page {
  const url = `${origin.replace("http", "ws")}/session/socket?view=main`;
  return new Page(webSocketPort(new WebSocket(url, { headers: { origin, cookie } })));
}

function folderOfItsOwn(): string {
  const folder = mkdtempSync(path.join(tmpdir(), "parley-browser-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test("R22 R8 from the printed address to a spoken answer; Ctrl-C leaves no process and everything said", async ({
  skip,
}) => {
  if (process.platform !== "linux") skip("finds the model processes in /proc");
  const folder = folderOfItsOwn();
  const { child, lines, errors, address } = await run(folder);
  expect(address.hostname).toBe("127.0.0.1");
  const html = await (await fetch(address.origin)).text();
  expect(html).toContain("<title>Parley</title>");

  const page = await enter(address);
  const snapshot = await page.client.call("hello", {});
  expect(snapshot).toMatchObject({ host: "browser", hotkey: { level: "none" } });
  const { turnId } = await page.client.call("ask.sample", { sampleId: snapshot.samples[0]!.id });
  const finished = await page.finished(turnId);
  expect(finished).toMatchObject({ outcome: "completed", reply: "The capital of France is Paris." });
  expect(page.speech(turnId).length).toBeGreaterThan(24_000);
  const models = modelProcesses(child.pid!);
  expect(models).toHaveLength(3);

  page.isPaused = true;
  const { turnId: cut } = await page.client.call("ask.text", { text: "tell me a joke" });
  await page.until("audio", (audio) => audio.turnId === cut);
  child.kill("SIGINT");
  const [exitCode] = await once(child, "exit");
  expect(exitCode, errors()).toBe(0);
  expect(models.filter(isAlive)).toEqual([]);
  expect((await page.port.closed).by).toBe("peer");
  expect(lines).toHaveLength(1);
  expect(errors()).not.toMatch(/capital|joke|Paris/i);

  const database = new Database({
    file: path.join(folder, "parley.db"),
    clock: systemClock,
    onNotice: () => {},
  });
  onTestFinished(() => database[Symbol.dispose]());
  const history = new History(database, systemClock);
  expect(history.newest()?.turns).toMatchObject([
    { id: turnId, outcome: "completed" },
    { id: cut, outcome: "interrupted" },
  ]);
});

test("R60 the host listens on loopback and connects to nobody", async ({ skip }) => {
  if (process.platform !== "linux") skip("reads /proc");
  const { child, address } = await run(folderOfItsOwn());
  const page = await enter(address);
  const { turnId } = await page.client.call("ask.text", { text: "who are you?" });
  await page.finished(turnId);
  const sockets = [child.pid!, ...modelProcesses(child.pid!)].flatMap(remoteAddresses);
  expect(sockets.filter((remote) => !/^(0100007F|00000000):/.test(remote))).toEqual([]);
});

test.for<[string[], number, RegExp]>([
  [["--port", "x"], 2, /not a port/],
  [["--what"], 2, /Try --help/],
  [["--help"], 0, /^$/],
])("R64 options %j end with code %d and one clear line", async ([parameters, code, message]) => {
  const entry = new URL("../../src/main/browser.ts", import.meta.url).pathname;
  const child = spawn(process.execPath, [entry, ...parameters], { stdio: ["ignore", "ignore", "pipe"] });
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
  const [exitCode] = await once(child, "close");
  expect(exitCode).toBe(code);
  expect(errors.trim()).toMatch(message);
  expect(errors.trim().split("\n")).toHaveLength(1);
});

/** Process ids of the children of `parent`. */
function modelProcesses(parent: number): number[] {
  const children = readFileSync(`/proc/${parent}/task/${parent}/children`, "utf8");
  return children.trim().split(/\s+/).map(Number);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    // ESRCH: gone, which is what is asked here.
    return false;
  }
}

/** Remote ends of the process's own TCP sockets, as /proc writes them (hex, little endian). */
function remoteAddresses(pid: number): string[] {
  const own = new Set(
    readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
      } catch {
        // Closed between the listing and the look.
        return [];
      }
    }),
  );
  return ["tcp", "tcp6"].flatMap((table) =>
    readFileSync(`/proc/${pid}/net/${table}`, "utf8")
      .split("\n")
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields.length > 9 && own.has(fields[9]!))
      .map((fields) => fields[2]!),
  );
}
