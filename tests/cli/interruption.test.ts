import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test, vi } from "vitest";
import { decodeWav } from "../../src/main/models/listener/wav.ts";
import { eventsIn, goldenWav, groupIsAlive, scratchFolder, startCli } from "./run-cli.ts";

const ask = (out: string) =>
  startCli(["ask", goldenWav("06_story"), goldenWav("10_another_joke"), "--json", "--out", out]);

test("R8 R62 Ctrl-C in the middle of a reply: a valid, shorter wav, no process, exit code 130", async () => {
  const out = path.join(scratchFolder(), "reply.wav");
  const cli = ask(out);
  await cli.prints('"type":"audio"');
  // As a terminal does it: to the command and all of its model processes at once.
  process.kill(-cli.child.pid!, "SIGINT");
  const { exitCode, stdout, stderr } = await cli.finished;
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 130 });

  const events = eventsIn(stdout);
  const [finished, ...more] = events.filter((event) => event.type === "turn-finished");
  expect(finished).toMatchObject({ outcome: "interrupted" });
  expect(more).toEqual([]);
  const sent = events
    .filter((event) => event.type === "audio")
    .reduce((sum, { samples }) => sum + samples, 0);
  expect(decodeWav(readFileSync(out), 600_000).samples.length).toBe(sent);
  expect(readdirSync(path.dirname(out))).toEqual(["reply.wav"]);
  expect(groupIsAlive(cli.child.pid!)).toBe(false);
});

test("R8 a second Ctrl-C ends it at once and leaves no process", async () => {
  const out = path.join(scratchFolder(), "reply.wav");
  const cli = ask(out);
  await cli.prints('"type":"token"');
  process.kill(cli.child.pid!, "SIGINT");
  process.kill(cli.child.pid!, "SIGINT");
  const { exitCode } = await cli.finished;
  expect(exitCode).toBe(130);
  await vi.waitFor(() => expect(groupIsAlive(cli.child.pid!)).toBe(false), { timeout: 10_000 });
});

test("R8 Ctrl-C while the models are still being loaded", async () => {
  const out = path.join(scratchFolder(), "reply.wav");
  const cli = ask(out);
  // The part file is the first thing the command makes.
  await vi.waitFor(() => expect(existsSync(`${out}.part`)).toBe(true), { timeout: 30_000, interval: 5 });
  process.kill(-cli.child.pid!, "SIGINT");
  const { exitCode, stdout } = await cli.finished;
  expect({ exitCode, stdout }).toEqual({ exitCode: 130, stdout: "" });
  expect(readdirSync(path.dirname(out))).toEqual([]);
  expect(groupIsAlive(cli.child.pid!)).toBe(false);
});

test("R8 a reader that has seen enough ends the command without a complaint", async () => {
  const cli = startCli(["ask", goldenWav("06_story"), "--json"]);
  await cli.prints('"type":"token"');
  cli.child.stdout!.destroy();
  const { stderr } = await cli.finished;
  expect(stderr).not.toMatch(/EPIPE|Error/);
  expect(groupIsAlive(cli.child.pid!)).toBe(false);
});
