import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { decodeWav } from "../../src/main/models/listener/wav.ts";
import { golden, goldenItem, goldenSamples } from "../support/voxtral-golden.ts";
import { wavFile } from "../support/wav-file.ts";
import { eventsIn, goldenWav, groupIsAlive, runCli, scratchFolder, startCli } from "./run-cli.ts";

test("R23 R1 R2 ask --json: every event in the contract's form, the golden reply, and its speech in the wav", async () => {
  const out = path.join(scratchFolder(), "reply.wav");
  const cli = startCli(["ask", goldenWav("05_offline"), "--json", "--out", out]);
  const { exitCode, stdout, stderr } = await cli.finished;
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
  const events = eventsIn(stdout);
  const tokens = events.filter((event) => event.type === "token");
  const segments = events.filter((event) => event.type === "segment");
  const chunks = events.filter((event) => event.type === "audio");
  const finished = events.at(-1)!;
  if (finished.type !== "turn-finished") throw new Error("the last event ends the turn");

  expect(events[0]!.type).toBe("turn-started");
  expect(new Set(events.map((event) => event.turnId)).size).toBe(1);
  expect(finished).toMatchObject({ outcome: "completed", reply: goldenItem("05_offline.wav").text });
  expect(tokens.map((token) => token.text).join("")).toBe(finished.reply);
  expect(tokens.map((token) => token.index)).toEqual(tokens.map((_, index) => index));
  expect(segments.length).toBeGreaterThan(1);
  expect(chunks.length).toBeGreaterThan(1);

  const { metrics, queue } = finished;
  expect(metrics.firstTokenMs).toBe(tokens[0]!.tMs);
  expect(metrics.firstAudioMs).toBe(chunks[0]!.tMs);
  expect(metrics.tokens).toBe(tokens.length);
  // R2: the first chunk left before the second existed, and before the reply was complete in speech.
  const synthesis = metrics.spans.filter((span) => span.name === "synthesis");
  expect(chunks[0]!.tMs).toBeLessThan(synthesis[1]!.endMs);
  for (const name of ["capture", "mel", "encode", "prefill", "decode", "segment", "phonemes", "queue"]) {
    expect(metrics.spans.map((span) => span.name)).toContain(name);
  }

  // R4: what was sent is what is in the file, one chunk behind the other, in one voice.
  expect(chunks.map((chunk) => chunk.voice)).toEqual(chunks.map(() => "af_heart"));
  let end = 0;
  for (const chunk of chunks) {
    expect(chunk.startSample).toBe(end);
    end += chunk.samples;
  }
  const written = decodeWav(readFileSync(out), 600_000);
  expect(written).toMatchObject({ rateHz: 24_000, channels: 1 });
  expect(written.samples.length).toBe(end);
  expect(written.samples.some((sample) => Math.abs(sample) > 0.05)).toBe(true);
  expect(queue).toMatchObject({
    chunks: chunks.length,
    sentChunks: chunks.length,
    samples: end,
    voiceConsistent: true,
  });
  expect(readdirSync(path.dirname(out))).toEqual(["reply.wav"]);
  expect(groupIsAlive(cli.child.pid!)).toBe(false);
});

test("R41 several inputs are the turns of one conversation, in the order of the command line", async () => {
  const [two] = golden.multi_turn;
  const [first, second] = two!.files.map((file) => file.replace(".wav", ""));
  const question = golden.text_only[0]!;
  const { exitCode, stdout } = await runCli(
    "ask",
    goldenWav(first!),
    goldenWav(second!),
    "--text",
    question.question,
    "--json",
  );
  expect(exitCode).toBe(0);
  const turns = eventsIn(stdout).filter((event) => event.type === "turn-finished");
  expect(turns.map((turn) => turn.reply).slice(0, 2)).toEqual([goldenItem(`${first}.wav`).text, two!.text]);
  expect(turns).toHaveLength(3);
  // Everything said before is in the cache: only the new question is computed.
  expect(turns[1]!.metrics.reusedTokens).toBeGreaterThan(375);
  expect(turns[1]!.metrics.prefillTokens).toBeLessThan(turns[0]!.metrics.prefillTokens + 10);
  expect(turns[2]!.metrics.prefillTokens).toBeLessThan(40);
});

test("R23 without --json the reply alone is on standard output, the latencies on standard error", async () => {
  const { exitCode, stdout, stderr } = await runCli(
    "ask",
    "--text",
    golden.text_only[0]!.question,
    "--voice",
    "bm_george",
  );
  expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: `${golden.text_only[0]!.text}\n` });
  for (const figure of ["first token", "first word", "first audio"]) expect(stderr).toContain(figure);
});

const pcm16 = { rateHz: 16_000, code: 1, bits: 16 } as const;
/** The question "what is three plus four?" as other recorders would have stored it. */
const question = goldenSamples("04_three_plus_four.wav");
const upsampled = Float32Array.from({ length: question.length * 3 }, (_, i) => {
  const at = i / 3;
  const left = Math.floor(at);
  return question[left]! + ((question[left + 1] ?? 0) - question[left]!) * (at - left);
});
const holed = question.with(200, Number.NaN).with(201, Number.POSITIVE_INFINITY);
const asked = goldenItem("04_three_plus_four.wav").text;
const unheard = goldenItem("11_silence.wav").text;

test.each([
  ["8 bit, 48 kHz, stereo", [upsampled, upsampled], { rateHz: 48_000, code: 1, bits: 8 }, asked],
  ["float with NaN and infinity in it", [holed], { rateHz: 16_000, code: 3, bits: 32 }, asked],
  ["a header that promises more than there is", [question], { ...pcm16, dataSize: 9_999_999 }, asked],
  ["silence", [new Float32Array(16_000 * 1.5)], pcm16, unheard],
  ["forty seconds: two windows", [new Float32Array(16_000 * 40)], pcm16, null],
])("R64 handled: %s", async (_name, channels, shape, reply) => {
  const file = path.join(scratchFolder(), "question.wav");
  writeFileSync(file, wavFile(channels, shape));
  const { exitCode, stdout } = await runCli("ask", file);
  expect(exitCode).toBe(0);
  expect(stdout.trim()).not.toBe("");
  if (reply !== null) expect(stdout).toBe(`${reply}\n`);
});

test("R64 ten minutes: the demo model's context cannot hold them, and the sentence says so", async () => {
  const file = path.join(scratchFolder(), "lecture.wav");
  writeFileSync(file, wavFile([new Float32Array(16_000 * 599)], pcm16));
  const { exitCode, stderr } = await runCli("ask", file);
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 2, stderr: expect.stringMatching(/shorter/) });
});

test("R23 transcribe writes down a recording", async () => {
  const item = goldenItem("09_transcribe.wav");
  const { exitCode, stdout } = await runCli("transcribe", goldenWav("09_transcribe"), "--language", "en");
  expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: `${item.text}\n` });
});
