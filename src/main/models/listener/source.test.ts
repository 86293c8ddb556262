import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as nextTick } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { wavFile } from "../../../../tests/support/wav-file.ts";
import { Resampler } from "./resampler.ts";
import { decodeSource } from "./source.ts";
import { decodeWav } from "./wav.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "parley-source-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const saved = (name: string, bytes: Uint8Array): string => {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
};
const tone = (samples: number): Float32Array =>
  Float32Array.from({ length: samples }, (_, i) => 0.5 * Math.sin(i / 9));

describe("R64 a recording is read block by block", () => {
  const channel = tone(100_001);
  const bytes = wavFile([channel, channel], { rateHz: 44_100, code: 1, bits: 16 });

  test("with the result of decoding it whole, from a file and from memory", async () => {
    const whole = decodeWav(bytes, 60_000).samples;
    const resampler = new Resampler(44_100, 16_000);
    const expected = Float32Array.from([...resampler.push(whole), ...resampler.tail()]);
    const fromFile = await decodeSource({ path: saved("two.wav", bytes) }, 60_000);
    const fromMemory = await decodeSource({ bytes }, 60_000);
    expect(fromFile.samples).toEqual(expected);
    expect(fromMemory).toEqual(fromFile);
    expect(fromFile.samples).toHaveLength(Math.round((100_001 * 16_000) / 44_100));
    expect(fromFile.durationMs).toBeCloseTo(100_001 / 44.1, 6);
  });

  test("R44 while it is decoded, other work of the process goes on", async () => {
    const seen: string[] = [];
    const decoding = decodeSource({ bytes }, 60_000).then(() => seen.push("decoded"));
    for (let turn = 0; turn < 3; turn++) {
      await nextTick();
      seen.push("other work");
    }
    await decoding;
    expect(seen).toEqual(["other work", "other work", "other work", "decoded"]);
  });

  test("a picture before the samples is passed over, however large", async () => {
    const listChunk = "x".repeat(300_001);
    const file = wavFile([tone(160)], { rateHz: 16_000, code: 1, bits: 16, listChunk });
    expect((await decodeSource({ path: saved("picture.wav", file) }, 60_000)).samples).toHaveLength(160);
  });

  test("too long a recording is refused before its samples are read", async () => {
    const header = wavFile([[0, 0]], { rateHz: 16_000, code: 1, bits: 16, dataSize: 0 });
    const path = saved("long.wav", header);
    // A sparse file: 1 GB long, and nothing of it written.
    truncateSync(path, 2 ** 30);
    await expect(decodeSource({ path }, 600_000)).rejects.toMatchObject({
      code: "audio-too-long",
      message: /limit is 10 min/,
    });
  });
});

describe("R64 what cannot be read is refused with a sentence", () => {
  test.each([
    ["a folder", () => folder, /is a folder/],
    ["nothing", () => join(folder, "nothing.wav"), /no such file/],
    ["a path through a file", () => join(saved("file", new Uint8Array(1)), "a.wav"), /no such file/],
  ])("%s", async (_name, path, message) => {
    await expect(decodeSource({ path: path() }, 60_000)).rejects.toMatchObject({
      code: "file-unreadable",
      message,
    });
  });

  test.skipIf(process.platform === "win32")(
    "a pipe and an endless device are not waited for (skipped on Windows: it has neither)",
    async () => {
      const pipe = join(folder, "pipe");
      execFileSync("mkfifo", [pipe]);
      for (const path of [pipe, "/dev/zero"]) {
        await expect(decodeSource({ path }, 60_000)).rejects.toMatchObject({
          code: "file-unreadable",
          message: /not an ordinary file/,
        });
      }
    },
  );
});
