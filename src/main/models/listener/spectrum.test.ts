import fc from "fast-check";
import { expect, test } from "vitest";
import { FFT_SIZE, FREQUENCY_BINS, PowerSpectrum } from "./spectrum.ts";

/** The definition: |Σ x[n]·exp(−2πi·kn/400)|². */
function byDefinition(frame: Float64Array): Float64Array {
  return Float64Array.from({ length: FREQUENCY_BINS }, (_, k) => {
    let re = 0;
    let im = 0;
    for (const [n, x] of frame.entries()) {
      const angle = (2 * Math.PI * ((k * n) % FFT_SIZE)) / FFT_SIZE;
      re += x * Math.cos(angle);
      im -= x * Math.sin(angle);
    }
    return re * re + im * im;
  });
}

test("R40 the fast power spectrum is the discrete Fourier transform, frame after frame", () => {
  const spectrum = new PowerSpectrum();
  const power = new Float64Array(FREQUENCY_BINS);
  const sample = fc.double({ min: -1, max: 1, noNaN: true });
  fc.assert(
    fc.property(fc.array(sample, { minLength: FFT_SIZE, maxLength: FFT_SIZE }), (samples) => {
      const frame = Float64Array.from(samples);
      spectrum.transform(frame, power);
      for (const [k, expected] of byDefinition(frame).entries()) {
        expect(Math.abs(power[k]! - expected)).toBeLessThan(1e-9);
      }
    }),
    { numRuns: 30 },
  );
});
