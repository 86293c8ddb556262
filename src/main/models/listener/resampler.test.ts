import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Resampler } from "./resampler.ts";

/** The whole input at once. */
function resample(samples: Float32Array, inRateHz: number, outRateHz: number): Float32Array {
  const resampler = new Resampler(inRateHz, outRateHz);
  return Float32Array.from([...resampler.push(samples), ...resampler.tail()]);
}

const tone = (hz: number, rateHz: number, samples: number): Float32Array =>
  Float32Array.from({ length: samples }, (_, i) => Math.sin((2 * Math.PI * hz * i) / rateHz));

const rms = (samples: Float32Array): number => Math.hypot(...samples) / Math.sqrt(samples.length);
const decibel = (ratio: number): number => 20 * Math.log10(ratio);
/** Without the edges, where the recording's beginning and end are themselves heard. */
const middle = (samples: Float32Array): Float32Array => samples.subarray(400, samples.length - 400);

describe("resampling to 16 kHz", () => {
  test("16 kHz passes bit for bit", () => {
    const samples = tone(440, 16_000, 500);
    expect(resample(samples, 16_000, 16_000)).toEqual(samples);
  });

  test.each([8_000, 11_025, 22_050, 22_257, 32_000, 44_100, 48_000, 96_000, 192_000])(
    "%d Hz: right length, right time, flat pass-band",
    (rateHz) => {
      const samples = Math.round(rateHz * 0.5);
      for (const hz of [100, 1_000, Math.min(3_000, rateHz * 0.4)]) {
        const output = resample(tone(hz, rateHz, samples), rateHz, 16_000);
        expect(output).toHaveLength(Math.round((samples * 16_000) / rateHz));
        const error = middle(output).map(
          (value, i) => value - Math.sin((2 * Math.PI * hz * (i + 400)) / 16_000),
        );
        expect(decibel(rms(error) / Math.SQRT1_2)).toBeLessThan(-60);
      }
    },
  );

  test.each([
    [9_000, 48_000],
    [10_000, 48_000],
    [15_000, 44_100],
    [20_000, 96_000],
  ])("a tone of %d Hz at %d Hz does not fold back: at least 70 dB down", (hz, rateHz) => {
    const output = resample(tone(hz, rateHz, rateHz / 2), rateHz, 16_000);
    expect(decibel(rms(middle(output)) / Math.SQRT1_2)).toBeLessThan(-70);
  });

  test("is the same however the input is cut", () => {
    const input = tone(700, 44_100, 4_000);
    const whole = resample(input, 44_100, 16_000);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 1_500 }), { minLength: 1, maxLength: 8 }), (cuts) => {
        const resampler = new Resampler(44_100, 16_000);
        const output: number[] = [];
        for (let at = 0, i = 0; at < input.length; i++) {
          const length = cuts[i % cuts.length]!;
          output.push(...resampler.push(input.subarray(at, at + length)));
          at += length;
        }
        output.push(...resampler.tail());
        expect(Float32Array.from(output)).toEqual(whole);
      }),
      { numRuns: 60 },
    );
  });

  test("a tail taken in the middle changes nothing that follows", () => {
    const input = tone(700, 48_000, 3_000);
    const plain = new Resampler(48_000, 16_000);
    const peeked = new Resampler(48_000, 16_000);
    peeked.push(input.subarray(0, 1_000));
    plain.push(input.subarray(0, 1_000));
    expect(peeked.tail().length).toBeGreaterThan(0);
    expect(peeked.push(input.subarray(1_000))).toEqual(plain.push(input.subarray(1_000)));
  });
});
