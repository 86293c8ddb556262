import { cpSync, mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import golden from "../../../../tests/golden/kokoro/golden.json" with { type: "json" };
import { collect } from "../../../../tests/support/collect.ts";
import { voices } from "../../../shared/voices.ts";
import type { VoiceLanguage } from "../../../shared/voices.ts";
import type { SpeechPart } from "../services.ts";
import { KokoroEngine } from "./engine.ts";
import type { SynthesizeParams } from "./engine.ts";

const modelDir = "resources/models/nano/kokoro";
const never = new AbortController().signal;
let engine: KokoroEngine;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "parley-kokoro-"));
  engine = await KokoroEngine.load({ modelDir, provider: "cpu", threads: 1 });
});

afterAll(async () => {
  await engine.release();
  rmSync(folder, { recursive: true });
});

const speak = (params: Partial<SynthesizeParams>): Promise<SpeechPart[]> =>
  collect(
    engine.synthesize({ text: "Hello there.", voice: "af_heart", speed: 1, isLast: true, ...params }, never),
  );

test.each(golden.items)(
  "R2 golden speech: $voice, $text",
  async ({ text, voice, speed, samples, phonemes }) => {
    const [part, ...others] = await speak({ text, voice, speed, isLast: false });
    expect(others).toEqual([]);
    const { pcm, trimmed, words } = part!;
    expect(part!.phonemes).toBe(phonemes);
    expect(trimmed.leading + pcm.length - trimmed.pause + trimmed.trailing).toBe(samples);
    // The demo voices wait 35 to 100 ms before they speak, and 110 ms after.
    expect(trimmed.leading).toBeGreaterThan(0);
    expect(trimmed.trailing).toBeGreaterThan(1000);
    expect(trimmed.pause).toBe(Math.round((24 * 370) / speed));
    expect(pcm.subarray(pcm.length - trimmed.pause).every((sample) => sample === 0)).toBe(true);
    expect(words.at(-1)!.endSample).toBe(pcm.length - trimmed.pause);
    expect(words.map((word) => word.text).join(" ")).toBe(text);
  },
);

test("R2 the last part of a reply has no pause", async () => {
  const [part] = await speak({ isLast: true });
  expect(part!.trimmed.pause).toBe(0);
});

const greetings: Readonly<Record<VoiceLanguage, string>> = {
  "en-US": "Good morning.",
  "en-GB": "Good morning.",
  es: "Buenos días.",
  fr: "Bonjour à tous.",
  hi: "नमस्ते, आप कैसे हैं?",
  it: "Buongiorno a tutti.",
  "pt-BR": "Bom dia a todos.",
  ja: "こんにちは。",
  zh: "你好，世界。",
};

test.each(voices)("R7 $id speaks", async ({ id, language }) => {
  const [part] = await speak({ voice: id, text: greetings[language] });
  expect(part!.pcm.length).toBeGreaterThan(24_000 / 4);
  expect(Math.max(...part!.pcm.subarray(0, 48_000))).toBeGreaterThan(0.05);
});

test("R7 a faster voice is shorter, beyond twice as fast it stays as it is", async () => {
  const lengths: number[] = [];
  for (const speed of [0.1, 0.5, 1, 2, 10]) lengths.push((await speak({ speed }))[0]!.pcm.length);
  expect(lengths).toEqual(lengths.toSorted((a, b) => b - a));
  expect(lengths[0]).toBe(lengths[1]);
  expect(lengths[3]).toBe(lengths[4]);
  expect(lengths[1]).toBeGreaterThan(lengths[3]! * 2);
});

test("R3 text beyond 510 phonemes comes in parts, with pauses between them", async () => {
  const sentence = "The first part explains why the old bridge was closed, and what it will cost. ";
  const parts = await speak({ text: sentence.repeat(12) });
  expect(parts.length).toBeGreaterThan(1);
  expect(parts.map((part) => part.text).join(" ")).toBe(sentence.repeat(12).trim());
  expect(parts.map((part) => part.trimmed.pause > 0)).toEqual([...parts.slice(1).map(() => true), false]);
  for (const part of parts) expect(part.phonemeTokens).toBeLessThanOrEqual(512);
});

test.each(["", "  \n ", "...", "— ?!", "\0"])("R64 nothing to say in %j", async (text) => {
  expect(await speak({ text })).toEqual([]);
});

test("R15 spans lie within the request, the session within its span", async () => {
  const before = performance.timeOrigin + performance.now();
  const [part] = await speak({ text: "Spans are measured." });
  const after = performance.timeOrigin + performance.now();
  const [phonemes, synthesis] = part!.spans;
  expect([phonemes!.name, synthesis!.name]).toEqual(["phonemes", "synthesis"]);
  expect(phonemes!.startMs).toBeGreaterThanOrEqual(before);
  expect(synthesis!.startMs).toBeGreaterThanOrEqual(phonemes!.endMs);
  expect(synthesis!.endMs).toBeLessThanOrEqual(after);
  expect(synthesis!.sessionMs).toBeLessThanOrEqual(synthesis!.endMs - synthesis!.startMs);
});

test.each([
  ["voice-unknown", { voice: "af_hart" }, /af_heart/],
  ["bad-input", { speed: Number.NaN }, /0\.5 to 2/],
  ["bad-input", { text: 7 as never }, /string/],
])("R64 %s", async (code, params, sentence) => {
  await expect(speak(params)).rejects.toMatchObject({
    code,
    message: expect.stringMatching(sentence) as string,
  });
});

/** A copy of the demo model, damaged. */
function damaged(name: string, damage: (dir: string) => void): string {
  const dir = join(folder, name);
  cpSync(modelDir, dir, { recursive: true });
  damage(dir);
  return dir;
}

test.each([
  ["model-missing", "absent", (dir: string) => rmSync(dir, { recursive: true })],
  ["model-missing", "without graph", (dir: string) => rmSync(join(dir, "onnx"), { recursive: true })],
  ["model-missing", "without tokenizer", (dir: string) => rmSync(join(dir, "tokenizer.json"))],
  [
    "model-corrupt",
    "truncated graph",
    (dir: string) => truncateSync(join(dir, "onnx/model.onnx"), 4_000_000),
  ],
  [
    "model-corrupt",
    "garbage graph",
    (dir: string) => writeFileSync(join(dir, "onnx/model.onnx"), "not a graph"),
  ],
  ["model-corrupt", "garbage tokenizer", (dir: string) => writeFileSync(join(dir, "tokenizer.json"), "{")],
  ["model-corrupt", "foreign tokenizer", (dir: string) => writeFileSync(join(dir, "tokenizer.json"), "{}")],
  [
    "model-wrong",
    "foreign graph",
    (dir: string) =>
      cpSync("resources/models/nano/voxtral/onnx/embed_tokens.onnx", join(dir, "onnx/model.onnx")),
  ],
])("R62 %s: %s", async (code, name, damage) => {
  const dir = damaged(name.replaceAll(" ", "-"), damage);
  await expect(KokoroEngine.load({ modelDir: dir, provider: "cpu", threads: 1 })).rejects.toMatchObject({
    code,
  });
});

test("R62 model-wrong: the folder of another model", async () => {
  const wrong = KokoroEngine.load({ modelDir: "resources/models/nano/voxtral", provider: "cpu", threads: 1 });
  await expect(wrong).rejects.toMatchObject({ code: "model-wrong" });
});

test("R62 a truncated voice file fails that voice only; a model's own voices come first", async () => {
  const dir = damaged("own-voices", (copy) => {
    mkdirSync(join(copy, "voices"));
    cpSync("node_modules/kokoro-js/voices/af_sky.bin", join(copy, "voices/bf_emma.bin"));
    cpSync("node_modules/kokoro-js/voices/af_sky.bin", join(copy, "voices/af_sky.bin"));
    truncateSync(join(copy, "voices/af_sky.bin"), 1000);
  });
  const own = await KokoroEngine.load({ modelDir: dir, provider: "cpu", threads: 1 });
  const say = (voice: string): Promise<SpeechPart[]> =>
    collect(own.synthesize({ text: "Hello there.", voice, speed: 1, isLast: true }, never));
  await expect(say("af_sky")).rejects.toMatchObject({ code: "model-corrupt" });
  // Emma's file holds Sky's styles here, so she sounds different from the Emma that kokoro-js ships.
  const [emma] = await speak({ voice: "bf_emma" });
  expect((await say("bf_emma"))[0]!.pcm).not.toEqual(emma!.pcm);
  expect(own.info.voices).toHaveLength(54);
  await own.release();
});
