import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AppError } from "../../../shared/errors.ts";
import { wavFile } from "../../../../tests/support/wav-file.ts";
import { decodeWav } from "./wav.ts";

const LIMIT_MS = 600_000;
const ramp = [0, 0.5, -0.5, 0.25, -1];

const failure = (bytes: Uint8Array, limitMs = LIMIT_MS): AppError => {
  try {
    decodeWav(bytes, limitMs);
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error("it was decoded");
};

describe("R64 reads whatever a recorder writes", () => {
  test.each([
    ["8-bit", { code: 1, bits: 8 }, 0.01],
    ["16-bit", { code: 1, bits: 16 }, 1e-4],
    ["24-bit", { code: 1, bits: 24 }, 1e-6],
    ["32-bit", { code: 1, bits: 32 }, 1e-6],
    ["32-bit float", { code: 3, bits: 32 }, 1e-7],
    ["64-bit float", { code: 3, bits: 64 }, 1e-7],
    ["16-bit in an extensible header", { code: 1, bits: 16, isExtensible: true }, 1e-4],
  ] as const)("%s", (_name, format, tolerance) => {
    const audio = decodeWav(wavFile([ramp], { rateHz: 22_050, ...format }), LIMIT_MS);
    expect(audio.rateHz).toBe(22_050);
    for (const [i, value] of ramp.entries())
      expect(Math.abs(audio.samples[i]! - value)).toBeLessThan(tolerance);
    expect(audio.warnings).toEqual([]);
  });

  test("several channels become their mean", () => {
    const audio = decodeWav(
      wavFile(
        [
          [1, 0.5],
          [0, -0.5],
        ],
        { rateHz: 48_000, code: 3, bits: 32 },
      ),
      LIMIT_MS,
    );
    expect([...audio.samples]).toEqual([0.5, 0]);
    expect(audio.channels).toBe(2);
  });

  test.each([
    ["µ-law", 7, [0xff, 0x80, 0x00], [0, 0.98, -0.98]],
    ["A-law", 6, [0xd5, 0xaa, 0x2a], [0, 0.98, -0.98]],
  ] as const)("%s", (_name, code, bytes, expected) => {
    const file = wavFile([[0, 0, 0]], { rateHz: 8_000, code, bits: 8 });
    file.set(bytes, file.length - 4); // three samples and the padding byte
    const { samples } = decodeWav(file, LIMIT_MS);
    for (const [i, value] of expected.entries()) expect(samples[i]).toBeCloseTo(value, 1);
  });

  test("chunks before the data, of odd length, are passed over", () => {
    const audio = decodeWav(
      wavFile([ramp], { rateHz: 16_000, code: 1, bits: 16, listChunk: "odd" }),
      LIMIT_MS,
    );
    expect(audio.samples).toHaveLength(ramp.length);
  });

  test.each([0, 0xffffffff])("a data size of %d means: until the end", (dataSize) => {
    const audio = decodeWav(wavFile([ramp], { rateHz: 16_000, code: 1, bits: 16, dataSize }), LIMIT_MS);
    expect(audio.samples).toHaveLength(ramp.length);
  });

  test("an odd chunk whose padding the recorder forgot does not hide the data", () => {
    const padded = wavFile([ramp], { rateHz: 16_000, code: 1, bits: 16, listChunk: "odd" });
    const padding = padded.indexOf("odd".charCodeAt(2), 44) + 1;
    const unpadded = Uint8Array.from([...padded.slice(0, padding), ...padded.slice(padding + 1)]);
    expect(decodeWav(unpadded, LIMIT_MS).samples).toHaveLength(ramp.length);
  });

  test("RIFX: the same with the bytes the other way round", () => {
    const little = wavFile([ramp], { rateHz: 16_000, code: 1, bits: 24 });
    const big = little.slice();
    big.set(new TextEncoder().encode("RIFX"));
    const fields = [4, 4, 16, 4, 20, 2, 22, 2, 24, 4, 28, 4, 32, 2, 34, 2, 40, 4];
    for (let sample = 0; sample < ramp.length; sample++) fields.push(44 + 3 * sample, 3);
    for (let i = 0; i < fields.length; i += 2) {
      const [at, size] = [fields[i]!, fields[i + 1]!];
      big.set(little.slice(at, at + size).toReversed(), at);
    }
    expect(decodeWav(big, LIMIT_MS).samples).toEqual(decodeWav(little, LIMIT_MS).samples);
  });

  test("RF64: the long size says where the data ends, what follows is not noise", () => {
    const good = wavFile([ramp], { rateHz: 16_000, code: 1, bits: 16, dataSize: 0xffffffff });
    const sizes = new Uint8Array(8 + 28);
    sizes.set(new TextEncoder().encode("ds64"));
    const view = new DataView(sizes.buffer);
    view.setUint32(4, 28, true);
    view.setBigUint64(8 + 8, BigInt(2 * ramp.length), true);
    const trailer = new TextEncoder().encode("LIST\x04\0\0\0loud");
    const file = Uint8Array.from([...good.slice(0, 12), ...sizes, ...good.slice(12), ...trailer]);
    file.set(new TextEncoder().encode("RF64"));
    expect(decodeWav(file, LIMIT_MS).samples).toHaveLength(ramp.length);
  });

  test("a recording that was cut off is used as far as it goes, with a warning", () => {
    const audio = decodeWav(
      wavFile([ramp], { rateHz: 16_000, code: 1, bits: 16 }).slice(0, 44 + 5),
      LIMIT_MS,
    );
    expect(audio.samples).toHaveLength(2);
    expect(audio.warnings).toEqual(["The wav file was cut off; what is there is used."]);
  });

  test("NaN, infinity and overshoot are repaired and mentioned", () => {
    const audio = decodeWav(
      wavFile([[Number.NaN, Infinity, 3, 0.5]], { rateHz: 16_000, code: 3, bits: 32 }),
      LIMIT_MS,
    );
    expect([...audio.samples]).toEqual([0, 0, 1, 0.5]);
    expect(audio.warnings).toHaveLength(2);
  });
});

describe("R64 refuses with a sentence", () => {
  const good = wavFile([ramp], { rateHz: 16_000, code: 1, bits: 16 });
  const zeroBit = good.slice();
  zeroBit[34] = 0;
  const ascii = (text: string) => new TextEncoder().encode(text.padEnd(64, " "));
  test.each([
    ["an empty file", new Uint8Array(0), "bad-audio", /is empty/],
    ["text", ascii("hello"), "bad-audio", /not a wav recording/],
    ["FLAC", ascii("fLaC"), "bad-audio", /looks like FLAC.*ffmpeg/],
    ["Ogg", ascii("OggS"), "bad-audio", /looks like Ogg/],
    ["MP3", ascii("ID3"), "bad-audio", /looks like MP3/],
    ["M4A", ascii("....ftypM4A"), "bad-audio", /looks like MP4/],
    ["a header alone", good.slice(0, 20), "bad-audio", /cut off/],
    [
      "a header without samples",
      wavFile([[]], { rateHz: 16_000, code: 1, bits: 16 }),
      "bad-audio",
      /no samples/,
    ],
    ["0 Hz", wavFile([ramp], { rateHz: 0, code: 1, bits: 16 }), "bad-audio", /0 Hz/],
    ["4 GHz", wavFile([ramp], { rateHz: 4_000_000_000, code: 1, bits: 16 }), "bad-audio", /4000000000 Hz/],
    ["ADPCM", wavFile([ramp], { rateHz: 16_000, code: 2, bits: 4 }), "bad-audio", /encoding 2.*ffmpeg/],
    ["0-bit", zeroBit, "bad-audio", /0-bit samples/],
    ["AAC", Uint8Array.of(0xff, 0xf1, 0x50, 0x80), "bad-audio", /looks like AAC/],
    ["an MP3 without a tag", Uint8Array.of(0xff, 0xfb, 0x90, 0x64), "bad-audio", /looks like MP3/],
    ["UTF-16 text", Uint8Array.of(0xff, 0xfe, 0x41, 0x00), "bad-audio", /not a wav recording\.$/],
    ["48-bit", wavFile([ramp], { rateHz: 16_000, code: 1, bits: 48 }), "bad-audio", /48-bit/],
  ] as const)("%s", (_name, bytes, code, message) => {
    const error = failure(bytes);
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
  });

  test("0-bit samples are refused without any limit as well", () => {
    expect(failure(zeroBit, Infinity).code).toBe("bad-audio");
  });

  test("too long, decided before anything is decoded", () => {
    const error = failure(
      wavFile([Array.from({ length: 1_100 }, () => 0)], { rateHz: 1_000, code: 1, bits: 8 }),
      1_000,
    );
    expect(error.code).toBe("audio-too-long");
    expect(error.message).toMatch(/limit is 1 s/);
  });

  test("any damage to any byte ends in audio or an AppError", () => {
    const original = wavFile([ramp, ramp], { rateHz: 44_100, code: 1, bits: 24, listChunk: "x" });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(original.length - 1), fc.nat(255)), { maxLength: 8 }),
        fc.nat(original.length),
        (mutations, length) => {
          const bytes = original.slice(0, length);
          for (const [at, value] of mutations) if (at < length) bytes[at] = value;
          try {
            const { samples } = decodeWav(bytes, LIMIT_MS);
            expect(samples.every((sample) => sample >= -1 && sample <= 1)).toBe(true);
          } catch (error) {
            expect(error).toBeInstanceOf(AppError);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
