import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { AutoFeatureExtractor, env } from "@huggingface/transformers";
import { beforeAll, describe, expect, test } from "vitest";
import type { MelBlock } from "../services.ts";
import { MelWindow } from "../voxtral/mel-window.ts";
import { MelExtractor, WINDOW_SAMPLES } from "./mel.ts";
import { decodeWav } from "./wav.ts";

const root = new URL("../../../../", import.meta.url);
const goldenFolder = new URL("tests/golden/voxtral/", root);
interface Golden {
  items: {
    file: string;
    log_mel: { mean: number; samples: { bin: number; frame: number; value: number }[] };
  }[];
}
const golden: Golden = JSON.parse(readFileSync(new URL("golden.json", goldenFolder), "utf8"));

let reference: (samples: Float32Array) => Promise<Float32Array>;
beforeAll(async () => {
  env.localModelPath = fileURLToPath(new URL("resources/models/nano/", root));
  env.allowRemoteModels = false;
  const extractor = await AutoFeatureExtractor.from_pretrained("voxtral");
  reference = async (samples) => (await extractor(samples)).input_features.data;
});

/** Runs the extractor over `samples` cut into pieces of the given lengths, again and again. */
function extract(samples: Float32Array, cuts: readonly number[] = [512]): Float32Array[] {
  const windows: MelWindow[] = [];
  const extractor = new MelExtractor("u", (block: MelBlock) => {
    (windows[block.window] ??= new MelWindow()).add(block);
  });
  for (let at = 0, i = 0; at < samples.length; i++) {
    const length = cuts[i % cuts.length]!;
    extractor.push(samples.subarray(at, at + length));
    at += length;
  }
  extractor.finish();
  return windows.map((window) => window.normalised());
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  expect(a.length).toBe(b.length);
  let worst = 0;
  for (let i = 0; i < a.length; i++) worst = Math.max(worst, Math.abs(a[i]! - b[i]!));
  return worst;
}

/** A small generator (Mulberry32): the same noise in every run. */
function noise(length: number, seed = 1, amplitude = 0.3): Float32Array {
  let state = seed;
  return Float32Array.from({ length }, () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return amplitude * (((t ^ (t >>> 14)) >>> 0) / 2 ** 31 - 1);
  });
}

const recording = (file: string): Float32Array =>
  decodeWav(readFileSync(new URL(file, goldenFolder)), 60_000).samples;

describe("R40 incremental log-mel equals the reference extractor to 1e-4", () => {
  test.each(golden.items.map((item) => item.file))("recording %s", async (file) => {
    const samples = recording(file);
    expect(largestDifference(extract(samples)[0]!, await reference(samples))).toBeLessThan(1e-4);
  });

  test.each(golden.items.map((item) => [item.file, item.log_mel] as const))(
    "golden values of %s",
    (file, mel) => {
      const values = extract(recording(file))[0]!;
      for (const { bin, frame, value } of mel.samples)
        expect(values[bin * 3000 + frame]).toBeCloseTo(value, 4);
      expect(values.reduce((sum, value) => sum + value, 0) / values.length).toBeCloseTo(mel.mean, 4);
    },
  );

  test.each([
    ["white noise", noise(40_000)],
    ["silence", new Float32Array(16_000)],
    ["one sample", Float32Array.of(0.5)],
    ["200 samples", noise(200)],
    ["201 samples", noise(201)],
    ["a click in silence", Float32Array.from({ length: 8_000 }, (_, i) => (i === 4_000 ? 1 : 0))],
    ["almost 30 s", noise(WINDOW_SAMPLES - 100)],
    ["exactly 30 s", noise(WINDOW_SAMPLES)],
  ])("%s", async (_name, samples) => {
    const windows = extract(samples);
    expect(windows).toHaveLength(1);
    expect(largestDifference(windows[0]!, await reference(samples))).toBeLessThan(1e-4);
  });

  test.each([
    ["30.5 s", 488_000],
    ["65 s", 1_040_000],
  ])("%s is several windows, each a spectrogram of its own", async (_name, length) => {
    const samples = noise(length, 7);
    const windows = extract(samples, [4_096]);
    expect(windows).toHaveLength(Math.ceil(length / WINDOW_SAMPLES));
    for (const [index, window] of windows.entries()) {
      const part = samples.slice(index * WINDOW_SAMPLES, (index + 1) * WINDOW_SAMPLES);
      expect(largestDifference(window, await reference(part))).toBeLessThan(1e-4);
    }
  });

  test("is the same however the audio is cut", () => {
    const samples = noise(3_000, 3);
    const whole = extract(samples, [samples.length])[0]!;
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 1, maxLength: 12 }), (cuts) => {
        expect(largestDifference(extract(samples, cuts)[0]!, whole)).toBe(0);
      }),
      { numRuns: 40 },
    );
  });

  test("only the tail is left at the end: at most three frames", () => {
    let lastFrames = 0;
    const extractor = new MelExtractor("u", (block) => (lastFrames = block.frames));
    for (const cut of [160, 1, 79, 3_200, 4_000]) {
      extractor.push(noise(cut));
    }
    const before = extractor.frames;
    extractor.finish();
    expect(extractor.frames - before).toBe(lastFrames);
    expect(lastFrames).toBeGreaterThan(0);
    expect(lastFrames).toBeLessThanOrEqual(3);
  });
});
