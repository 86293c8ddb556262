import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { wavFile } from "../../../../tests/support/wav-file.ts";
import { createPortPair } from "../../../shared/ports/memory.ts";
import { connect, type RpcClient } from "../../../shared/rpc.ts";
import type { ListenerService, MelBlock } from "../services.ts";
import { start } from "./service.ts";

let cleanUp: DisposableStack;
let listener: RpcClient<ListenerService>;
let blocks: MelBlock[];

beforeEach(() => {
  cleanUp = new DisposableStack();
  const [ours, theirs] = createPortPair();
  cleanUp.use(ours);
  cleanUp.use(start(theirs));
  listener = cleanUp.use(connect<ListenerService>(ours));
  blocks = [];
  listener.on("mel", (block) => blocks.push(block));
});
afterEach(() => cleanUp.dispose());

const ramp = (from: number, samples: number): Float32Array =>
  Float32Array.from({ length: samples }, (_, i) => (from + i) / 100_000);

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");
/** Bytes of array buffers that are still reachable. */
function buffersInUse(): number {
  collectGarbage();
  return process.memoryUsage().arrayBuffers;
}

const joined = (given: readonly MelBlock[]): number[] => given.flatMap((block) => Array.from(block.data));

describe("R12 keeps the first word", () => {
  test("the newest pre-roll becomes the utterance's beginning, sample for sample", async () => {
    for (let at = 0; at < 8_000; at += 500) {
      listener.notify("push", { samples: ramp(at, 500), sampleRateHz: 16_000 });
    }
    const begun = await listener.call("begin", { utteranceId: "u", preRollMs: 300 });
    expect(begun).toEqual({ preRollSamples: 4_800 });
    listener.notify("push", { samples: ramp(8_000, 1_600), sampleRateHz: 16_000 });
    const summary = await listener.call("end", { utteranceId: "u" });
    expect(summary).toMatchObject({ samples: 6_400, preRollSamples: 4_800 });
    expect(await listener.call("audio", { utteranceId: "u" })).toEqual(ramp(3_200, 6_400));
  });

  test("a ring that has heard less gives what it has", async () => {
    listener.notify("push", { samples: ramp(0, 100), sampleRateHz: 16_000 });
    expect(await listener.call("begin", { utteranceId: "u", preRollMs: 300 })).toEqual({
      preRollSamples: 100,
    });
  });

  test("pushes longer than the ring leave its newest part", async () => {
    listener.notify("push", { samples: ramp(0, 100_000), sampleRateHz: 16_000 });
    await listener.call("begin", { utteranceId: "u", preRollMs: 1_000 });
    expect(await listener.call("audio", { utteranceId: "u" })).toEqual(ramp(84_000, 16_000));
  });
});

describe("utterances", () => {
  test("R40 mel flows while audio arrives; the last block comes before the answer and is marked", async () => {
    await listener.call("begin", { utteranceId: "u", preRollMs: 0 });
    listener.notify("push", { samples: ramp(0, 16_000), sampleRateHz: 16_000 });
    await listener.call("audio", { utteranceId: "u" });
    expect(blocks.reduce((sum, block) => sum + block.frames, 0)).toBe(99);
    expect(blocks.some((block) => block.final)).toBe(false);
    await listener.call("end", { utteranceId: "u" });
    expect(blocks.at(-1)).toMatchObject({ utteranceId: "u", final: { samples: 16_000 } });
  });

  test("a microphone at 48 kHz is resampled as a stream", async () => {
    await listener.call("begin", { utteranceId: "u", preRollMs: 0 });
    for (let i = 0; i < 10; i++) {
      listener.notify("push", { samples: new Float32Array(960), sampleRateHz: 48_000 });
    }
    expect((await listener.call("end", { utteranceId: "u" })).samples).toBe(3_200);
  });

  test("several in a row, and a discarded one leaves nothing", async () => {
    await listener.call("begin", { utteranceId: "a", preRollMs: 0 });
    await listener.call("end", { utteranceId: "a", discard: true });
    expect(blocks).toEqual([]);
    await expect(listener.call("audio", { utteranceId: "a" })).rejects.toMatchObject({ code: "bad-input" });
    await listener.call("begin", { utteranceId: "b", preRollMs: 0 });
    listener.notify("push", { samples: ramp(0, 1_600), sampleRateHz: 16_000 });
    expect((await listener.call("end", { utteranceId: "b" })).samples).toBe(1_600);
  });

  test("a replay gives the mel of the first time", async () => {
    const samples = ramp(0, 20_000);
    await listener.call("begin", { utteranceId: "a", preRollMs: 0 });
    listener.notify("push", { samples, sampleRateHz: 16_000 });
    await listener.call("end", { utteranceId: "a" });
    const first = joined(blocks.splice(0));
    await listener.call("replay", { utteranceId: "a", samples });
    expect(joined(blocks)).toEqual(first);
  });

  test("a new one ends the one that is open, which is then gone", async () => {
    await listener.call("begin", { utteranceId: "old", preRollMs: 0 });
    listener.notify("push", { samples: ramp(0, 1_600), sampleRateHz: 16_000 });
    await listener.call("begin", { utteranceId: "new", preRollMs: 0 });
    await expect(listener.call("end", { utteranceId: "old" })).rejects.toMatchObject({ code: "bad-input" });
    expect(blocks.some((block) => block.final)).toBe(false);
  });

  test("the last samples of one microphone are kept when another of a different rate takes over", async () => {
    await listener.call("begin", { utteranceId: "u", preRollMs: 0 });
    listener.notify("push", { samples: new Float32Array(4_800), sampleRateHz: 48_000 });
    listener.notify("push", { samples: new Float32Array(4_410), sampleRateHz: 44_100 });
    listener.notify("push", { samples: new Float32Array(1_600), sampleRateHz: 16_000 });
    expect((await listener.call("end", { utteranceId: "u" })).samples).toBe(3 * 1_600);
  });

  test("R63 an utterance that has ended costs its samples, not its analysis", async () => {
    const before = buffersInUse();
    for (let i = 0; i < 100; i++) {
      await listener.call("begin", { utteranceId: `u${i}`, preRollMs: 0 });
      listener.notify("push", { samples: ramp(0, 1_600), sampleRateHz: 16_000 });
      await listener.call("end", { utteranceId: `u${i}` });
      blocks.length = 0;
    }
    // Buffers are swept some time after the collection that found them unused; what is still in use never goes.
    await expect
      .poll(() => (buffersInUse() - before) / 100, { timeout: 20_000 })
      .toBeLessThan(4 * 1_600 * Float32Array.BYTES_PER_ELEMENT);
  });

  test.each([
    ["never begun", () => listener.call("end", { utteranceId: "nobody" }), /never begun/],
    [
      "begun twice",
      async () => {
        await listener.call("begin", { utteranceId: "u", preRollMs: 0 });
        await listener.call("begin", { utteranceId: "u", preRollMs: 0 });
      },
      /already begun/,
    ],
    [
      "ended twice",
      async () => {
        await listener.call("begin", { utteranceId: "u", preRollMs: 0 });
        listener.notify("push", { samples: ramp(0, 1_600), sampleRateHz: 16_000 });
        await listener.call("end", { utteranceId: "u" });
        await listener.call("end", { utteranceId: "u" });
      },
      /already ended/,
    ],
    [
      "replayed while open",
      async () => {
        await listener.call("begin", { utteranceId: "u", preRollMs: 0 });
        await listener.call("replay", { utteranceId: "u", samples: ramp(0, 100) });
      },
      /still open/,
    ],
    [
      "a pre-roll from the future",
      () => listener.call("begin", { utteranceId: "u", preRollMs: -100 }),
      /pre-roll of -100 ms/,
    ],
    ["no pre-roll at all", () => listener.call("begin", { utteranceId: "u", preRollMs: Number.NaN }), /NaN/],
    [
      "nothing heard",
      async () => {
        await listener.call("begin", { utteranceId: "u", preRollMs: 0 });
        await listener.call("end", { utteranceId: "u" });
      },
      /No sound arrived/,
    ],
  ])("%s is refused with a sentence", async (_name, act, message) => {
    await expect(act()).rejects.toThrow(message);
  });

  test("R64 NaN samples and impossible rates harm nothing", async () => {
    await listener.call("begin", { utteranceId: "u", preRollMs: 0 });
    listener.notify("push", { samples: new Float32Array([Number.NaN, Infinity, 0.5]), sampleRateHz: 16_000 });
    for (const sampleRateHz of [0, -1, Number.NaN, 16_000.5, 1e12]) {
      listener.notify("push", { samples: ramp(0, 100), sampleRateHz });
    }
    expect(await listener.call("audio", { utteranceId: "u" })).toEqual(new Float32Array([0, 0, 0.5]));
  });

  test("R64 samples far beyond full scale stay numbers, also through the resampler", async () => {
    const levels: { rms: number; peak: number }[] = [];
    listener.on("level", (level) => levels.push(level));
    await listener.call("begin", { utteranceId: "u", preRollMs: 0 });
    const wild = Float32Array.from({ length: 4_800 }, (_, i) => (i % 7 < 3 ? 3.4e38 : -3.4e38));
    listener.notify("push", { samples: wild, sampleRateHz: 48_000 });
    const summary = await listener.call("end", { utteranceId: "u" });
    for (const { rms, peak } of [summary, ...levels]) {
      expect(rms).toBeGreaterThan(0.1);
      expect(peak).toBeGreaterThan(0.1);
      expect(Math.max(rms, peak)).toBeLessThanOrEqual(1);
    }
    expect(joined(blocks).every(Number.isFinite)).toBe(true);
  });

  test("levels come about every 32 ms of audio", async () => {
    const levels: number[] = [];
    listener.on("level", ({ rms }) => levels.push(rms));
    listener.notify("push", { samples: new Float32Array(1_600).fill(0.5), sampleRateHz: 16_000 });
    await listener.call("begin", { utteranceId: "u", preRollMs: 0 });
    expect(levels).toEqual([0.5, 0.5, 0.5]);
  });
});

describe("R64 decode", () => {
  test("any rate and channels become 16 kHz mono", async () => {
    const half = Array.from({ length: 24_000 }, (_, i) => 0.5 * Math.sin(i / 50));
    const bytes = wavFile([half, half], { rateHz: 48_000, code: 1, bits: 8 });
    const audio = await listener.call("decode", { source: { bytes }, maxDurationMs: 10_000 });
    expect(audio).toMatchObject({ sourceRateHz: 48_000, sourceChannels: 2, durationMs: 500, warnings: [] });
    expect(audio.samples).toHaveLength(8_000);
    expect(audio.peak).toBeCloseTo(0.5, 1);
  });

  test("unreadable paths say what is wrong", async () => {
    const folder = mkdtempSync(join(tmpdir(), "parley-listener-"));
    try {
      const decode = (path: string) => listener.call("decode", { source: { path }, maxDurationMs: 10_000 });
      await expect(decode(folder)).rejects.toMatchObject({ code: "file-unreadable", message: /is a folder/ });
      await expect(decode(join(folder, "no.wav"))).rejects.toMatchObject({
        code: "file-unreadable",
        message: /no such file/,
      });
      writeFileSync(join(folder, "a.wav"), "not audio");
      await expect(decode(join(folder, "a.wav"))).rejects.toMatchObject({ code: "bad-audio" });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
