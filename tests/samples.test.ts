import { existsSync, globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { sampleQuestions } from "../src/main/app/sample-questions.ts";
import { Conversation } from "../src/main/assistant/conversation.ts";
import { ScheduleSink } from "../src/main/assistant/wav-sink.ts";
import { decodeFile, openEngine, say } from "../src/main/cli/session.ts";
import type { Engine } from "../src/main/models/engine.ts";
import { systemClock } from "../src/shared/clock.ts";

interface Sample {
  readonly file: string;
  readonly question: string;
  readonly answer: string;
  readonly after?: string;
}

const folder = fileURLToPath(new URL("../samples/", import.meta.url));
const samples = JSON.parse(readFileSync(`${folder}questions.json`, "utf8")) as Sample[];

let engine: Engine;
beforeAll(async () => {
  engine = openEngine("nano");
  await engine.ready;
});
afterAll(() => engine.dispose());

/** The replies to recordings that are the turns of one conversation. */
async function repliesTo(files: readonly string[]): Promise<string[]> {
  const sink = new ScheduleSink(systemClock);
  const conversation = new Conversation({ engine, sink });
  sink.onPlayed = (turnId, played, underruns) => conversation.acknowledge(turnId, played, underruns);
  const replies: string[] = [];
  for (const file of files) {
    const turn = await say(engine, conversation, (await decodeFile(engine, folder + file)).samples);
    const { reply, outcome } = await turn.finished;
    expect(outcome).toBe("completed");
    replies.push(reply);
  }
  await conversation.dispose();
  return replies;
}

test.each(samples)("R19 the demo pack answers $file", async ({ file, after, answer }) => {
  const replies = await repliesTo(after === undefined ? [file] : [after, file]);
  expect(replies.at(-1)).toBe(answer);
});

test("R19 every recording is listed, and the first click offers those that need nothing before them", () => {
  const files = globSync("*.wav", { cwd: folder }).toSorted();
  expect(samples.map(({ file }) => file).toSorted()).toEqual(files);
  const offered = sampleQuestions(folder);
  expect(offered.map(({ question }) => question)).toContain("What is the capital of France?");
  expect(offered).toHaveLength(samples.filter(({ after }) => after === undefined).length);
  expect(offered.every(({ file }) => existsSync(file))).toBe(true);
});

test("R19 a missing folder of samples offers nothing and breaks nothing", () => {
  expect(sampleQuestions(`${folder}missing`)).toEqual([]);
});
