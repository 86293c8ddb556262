import { describe, expect, test } from "vitest";
import { heardAtMs, outputLatencyMs } from "./heard-clock.ts";

const timeOriginMs = 1_700_000_000_000;

describe("heardAtMs", () => {
  test("R15 places a frame by the frame that leaves the device now", () => {
    const clock = {
      currentTime: 10.05,
      outputLatency: 0.03,
      getOutputTimestamp: () => ({ contextTime: 10, performanceTime: 5000 }),
    };
    // 20 ms after the frame being heard at 5000; the device's latency must not be added a second time.
    expect(heardAtMs(clock, 10.02, 5010, timeOriginMs)).toBeCloseTo(timeOriginMs + 5020, 6);
  });

  test("R15 falls back to the context's clock and its output latency", () => {
    const clock = {
      currentTime: 2,
      outputLatency: 0.025,
      getOutputTimestamp: () => ({ contextTime: 0, performanceTime: 0 }),
    };
    expect(heardAtMs(clock, 2.01, 3000, timeOriginMs)).toBeCloseTo(timeOriginMs + 3035, 6);
  });

  test("R15 an unknown output latency is null, not zero", () => {
    const getOutputTimestamp = (): object => ({});
    expect(outputLatencyMs({ currentTime: 0, getOutputTimestamp })).toBeNull();
    expect(outputLatencyMs({ currentTime: 0, outputLatency: 0.012, getOutputTimestamp })).toBeCloseTo(12, 9);
  });
});
