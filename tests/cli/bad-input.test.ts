import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { wavFile } from "../support/wav-file.ts";
import { goldenWav, runCli, scratchFolder } from "./run-cli.ts";

const pcm16 = { rateHz: 16_000, code: 1, bits: 16 } as const;
const tone = (samples: number): Float32Array =>
  Float32Array.from({ length: samples }, (_, i) => Math.sin(i / 10) / 4);

/** Files no one should be able to harm us with, by name. */
const badFiles: Record<string, (file: string) => void> = {
  "an empty file": (file) => writeFileSync(file, ""),
  "text that claims to be a wav": (file) => writeFileSync(file, "RIFFabcdWAVE, or so they say"),
  "a wav cut off in its header": (file) =>
    writeFileSync(file, readFileSync(goldenWav("01_hello")).subarray(0, 30)),
  "a wav without samples": (file) => writeFileSync(file, wavFile([[]], pcm16)),
  "a codec we do not read": (file) => writeFileSync(file, wavFile([tone(800)], { ...pcm16, code: 85 })),
  "a folder": (file) => mkdirSync(file),
  "no file at all": () => {},
  "eleven minutes": (file) => writeFileSync(file, wavFile([new Float32Array(11 * 60 * 16_000)], pcm16)),
};

test.each(Object.keys(badFiles))("R64 %s: exit code 2, one clear line, nothing written", async (name) => {
  const folder = scratchFolder();
  const file = path.join(folder, "question.wav");
  badFiles[name]!(file);
  const out = path.join(folder, "reply.wav");
  const { exitCode, stdout, stderr } = await runCli("ask", file, "--out", out);
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
  expect(stderr.trim().split("\n")).toHaveLength(1);
  expect(stderr).toContain("question.wav");
  expect(stderr).not.toMatch(/AppError|\bat .*:\d+:\d+/);
  expect(readdirSync(folder).filter((entry) => entry !== "question.wav")).toEqual([]);
});

test.each([
  ["no command line at all is help", [], 0],
  ["an unknown command", ["sing"], 2],
  ["nothing to ask", ["ask"], 2],
  ["an empty text", ["ask", "--text", " "], 2],
  ["an unknown option", ["ask", "--text", "Hello.", "--louder"], 2],
  ["a speed out of range", ["ask", "--text", "Hello.", "--speed", "9"], 2],
  ["a speed that is no number", ["ask", "--text", "Hello.", "--speed", "fast"], 2],
  ["a voice that does not exist", ["ask", "--text", "Hello.", "--voice", "xx_nobody"], 2],
  ["a model that does not exist", ["ask", "--text", "Hello.", "--model", "gigantic"], 2],
  ["a folder that is no model", ["ask", "--text", "Hello.", "--model", "samples"], 2],
  ["an output that cannot be written", ["ask", "--text", "Hello.", "--out", "/no/such/folder/reply.wav"], 2],
  ["a language that is none", ["transcribe", goldenWav("01_hello"), "--language", "klingon"], 2],
  ["nothing to transcribe", ["transcribe"], 2],
  ["no runs", ["latency", "--runs", "0"], 2],
  ["half a run", ["latency", "--runs", "1.5"], 2],
])("R64 %s", async (_name, parameters, expected) => {
  const { exitCode, stdout, stderr } = await runCli(...parameters);
  expect(exitCode).toBe(expected);
  if (expected === 0) return expect(stdout).toContain("ask");
  expect(stdout).toBe("");
  expect(stderr.trim().split("\n")).toHaveLength(1);
  expect(stderr).not.toMatch(/AppError|\bat .*:\d+:\d+/);
});
