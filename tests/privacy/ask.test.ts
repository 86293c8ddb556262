import { readFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { turnEventSchema } from "../../src/shared/contract.ts";
import { cliEntry, isolationObstacle, runIsolated } from "./isolated-session.ts";

const obstacle = isolationObstacle();
// The reason is what a reader of the log needs to know about the tests that did not run.
if (obstacle !== undefined) console.warn(`tests/privacy: skipped, ${obstacle}`);

const sample = (name: string): string => fileURLToPath(new URL(`../../samples/${name}.wav`, import.meta.url));

/** Environments of the model processes under `pid`, by the kind of model. */
function modelEnvironments(pid: number): Map<string, string[]> {
  const parents = new Map<number, number>();
  for (const id of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      // "pid (name) state parent …", and the name may hold anything.
      const stat = readFileSync(`/proc/${id}/stat`, "utf8");
      parents.set(Number(id), Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]));
    } catch {
      // It ended while we looked.
    }
  }
  const isUnder = (id: number): boolean => {
    const parent = parents.get(id);
    return parent !== undefined && (parent === pid || isUnder(parent));
  };
  const environments = new Map<string, string[]>();
  for (const id of parents.keys()) {
    if (!isUnder(id)) continue;
    try {
      const title = readFileSync(`/proc/${id}/cmdline`, "utf8").replaceAll("\0", " ").trim();
      // The command it was started with, until it gives itself its title.
      const kind = /(?:^parley-|process\.ts )(\w+)/.exec(title)?.[1];
      if (kind) environments.set(kind, readFileSync(`/proc/${id}/environ`, "utf8").split("\0"));
    } catch {
      // As above.
    }
  }
  return environments;
}

test.skipIf(obstacle !== undefined)(
  "R60 a whole session sends nothing to anyone, leaves no file behind, and logs none of what was said",
  async () => {
    let environments = new Map<string, string[]>();
    const questions = ["tell-me-a-joke", "another-one-please"].map(sample);
    const written = "What is the capital of Norway?";
    const parameters = [cliEntry, "ask", ...questions, "--text", written, "--json"];
    const session = await runIsolated(parameters, (pid) => {
      environments = modelEnvironments(pid);
    });

    const { exitCode, stdout, stderr, leftBehind, networkAttempts } = session;
    expect({ exitCode, networkAttempts, leftBehind }).toEqual({
      exitCode: 0,
      networkAttempts: 0,
      leftBehind: [],
    });
    // It was a session: three questions were answered aloud.
    const events = stdout
      .trim()
      .split("\n")
      .map((line) => turnEventSchema.parse(JSON.parse(line)));
    const replies = events.filter((event) => event.type === "turn-finished").map(({ reply }) => reply);
    expect(replies.map((reply) => reply.split(" ").length > 3)).toEqual([true, true, true]);
    expect(events.filter((event) => event.type === "audio").length).toBeGreaterThanOrEqual(3);
    for (const words of [written, ...replies].flatMap((text) => text.split(/[.?!]/)).filter(Boolean)) {
      expect(stderr).not.toContain(words.trim());
    }
    expect([...environments.keys()].toSorted()).toEqual(["kokoro", "listener", "voxtral"]);
    for (const environment of environments.values()) {
      expect(environment).toContain("ORT_DISABLE_TELEMETRY=1");
    }
  },
);

test.skipIf(obstacle !== undefined)(
  "R60 in plain words as well, nothing of the reply goes to the log",
  async () => {
    const { stdout, stderr } = await runIsolated([cliEntry, "ask", sample("who-are-you"), "--out", "none"]);
    expect(stdout.trim()).not.toBe("");
    for (const words of stdout
      .split(/[.?!]/)
      .map((text) => text.trim())
      .filter(Boolean)) {
      expect(stderr).not.toContain(words);
    }
  },
);

test.skipIf(obstacle !== undefined).each([
  ["a connection", 'require("node:net").connect(80, "192.0.2.1").on("error", () => {})'],
  ["a connection to this machine", 'require("node:net").connect(80, "127.0.0.1").on("error", () => {})'],
  ["a name lookup", 'require("node:dns").lookup("example.org", () => {})'],
  [
    "a datagram",
    'const s = require("node:dgram").createSocket("udp4"); s.send("x", 53, "192.0.2.1", () => s.close())',
  ],
  [
    "a child's request",
    "require('node:child_process').spawn(process.execPath, ['-e', 'fetch(`http://192.0.2.1`)'])",
  ],
])("the check itself notices %s", async (_, script) => {
  expect((await runIsolated(["-e", script])).networkAttempts).toBeGreaterThan(0);
});

test.skipIf(obstacle !== undefined)("the check itself notices a file left in the home folder", async () => {
  const script = 'require("node:fs").writeFileSync(process.env.HOME + "/note", "x")';
  expect(await runIsolated(["-e", script])).toMatchObject({ networkAttempts: 0, leftBehind: ["home/note"] });
});
