import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { whiteNoise } from "../../../../tests/support/speech.ts";
import { FRAME_SAMPLES, FrameCutter, measureLoudness, SLICE_SAMPLES } from "./frames.ts";
import { NoiseFloor } from "./noise-floor.ts";
import { StreamTimes } from "./stream-times.ts";

const loudest = (samples: Float32Array): number => Math.max(...measureLoudness(samples).slices);

describe("frames", () => {
  test("lie on a fixed grid however the stream is cut, and nothing is lost", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(2_000), { maxLength: 20 }), (lengths) => {
        const cutter = new FrameCutter();
        const heard: number[] = [];
        let position = 0;
        for (const length of lengths) {
          const block = Float32Array.from({ length }, (_, i) => position + i);
          position += length;
          for (const { samples, endSample } of cutter.push(block)) {
            heard.push(...samples);
            expect([samples.length, endSample]).toEqual([FRAME_SAMPLES, heard.length]);
          }
        }
        expect([...heard, ...cutter.rest()]).toEqual(Array.from({ length: position }, (_, i) => i));
      }),
    );
  });

  test("a burst of 8 ms is as loud as a frame full of it; an offset is not loud at all", () => {
    const burst = new Float32Array(FRAME_SAMPLES);
    burst.set(whiteNoise(128, -20), 256);
    expect(loudest(burst)).toBeGreaterThan(0.08);
    expect(measureLoudness(burst).rms).toBeLessThan(0.06);
    expect(loudest(new Float32Array(FRAME_SAMPLES).fill(0.5))).toBeLessThan(1e-6);
  });

  test.each([0, 1, 127, 129])("%d samples have a loudness, too", (length) => {
    const { rms, peak, slices } = measureLoudness(whiteNoise(length, -20));
    expect(slices).toHaveLength(Math.ceil(length / SLICE_SAMPLES));
    for (const value of [rms, peak, ...slices]) expect(value).toBeGreaterThanOrEqual(0);
  });
});

describe("the background", () => {
  const after = (...levels: readonly number[]): NoiseFloor => {
    const floor = new NoiseFloor();
    for (const level of levels) floor.push(level);
    return floor;
  };
  const frames = (count: number, level: number): number[] => Array.from({ length: count }, () => level);

  test("falls at once, and rises when louder has lasted three seconds", () => {
    expect(after(...frames(200, 0.01), 0.001).excessDb(0.01)).toBeCloseTo(20);
    expect(after(...frames(200, 0.001), ...frames(90, 0.1)).excessDb(0.1)).toBeCloseTo(40);
    expect(after(...frames(200, 0.001), ...frames(100, 0.1)).excessDb(0.1)).toBeCloseTo(0);
  });

  test("is not taken from the first words", () => {
    expect(after(...frames(20, 0.1)).excessDb(0.1)).toBeGreaterThan(25);
  });

  test("digital silence is no reference: the last bit of a sample does not stand out of it", () => {
    expect(after(...frames(100, 0)).excessDb(2 ** -15)).toBeLessThan(0);
    expect(after(...frames(100, 0)).excessDb(0)).toBe(-Infinity);
  });
});

describe("when a sample was heard", () => {
  const startMs = 1_000;
  /** Blocks of 20 ms, each this much later than its last sample. */
  const heardWith = (lateness: readonly number[]): StreamTimes => {
    const times = new StreamTimes();
    for (const [i, lateMs] of lateness.entries()) {
      const end = (i + 1) * 320;
      times.arrived(320, end, startMs + end / 16 + lateMs);
    }
    return times;
  };

  test("is told by the block that was delayed least", () => {
    expect(heardWith([40, 12, 3, 90, 30]).at(800)).toBeCloseTo(startMs + 50 + 3, 0);
  });

  test("a clock of the sound card that is slow by 0.02 % is followed", () => {
    const drifting = Array.from({ length: 3_000 }, (_, i) => 5 + i * 20 * 2e-4);
    const end = 3_000 * 320;
    expect(heardWith(drifting).at(end) - startMs - end / 16).toBeCloseTo(drifting.at(-1)!, 0);
  });

  test("a microphone that paused for an hour goes on now, not an hour ago", () => {
    const times = heardWith([0, 0]);
    times.arrived(320, 960, startMs + 3_600_000);
    expect(times.at(960)).toBe(startMs + 3_600_000);
  });
});
