import { expect, test } from "vitest";
import type { ModelEntry } from "../../shared/app-contract.ts";
import { formatBytes, formatLeft, progressPercent, progressText } from "./figures.ts";

const moving = {
  state: "downloading",
  receivedBytes: 1_212_000_000,
  totalBytes: 3_030_000_000,
  bytesPerSecond: 24_000_000,
  leftMs: 75_750,
} as ModelEntry;

test.each([
  [542, "1 kB"],
  [326_000_000, "326 MB"],
  [2_714_000_000, "2.7 GB"],
])("R20 %d bytes read %s", (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test.each([
  [900, "a few seconds"],
  [31_000, "40 s"],
  [57_000, "1 min"],
  [75_750, "1 min"],
  [3_600_000, "1 h"],
  [4_800_000, "1 h 20 min"],
])("R20 %d ms are left as %s", (ms, text) => {
  expect(formatLeft(ms)).toBe(text);
});

test("R20 a transfer tells how far, how fast and how long; one that rests only how far", () => {
  expect(progressText(moving)).toBe("1.2 GB of 3.0 GB · 24 MB/s · 1 min left");
  expect(progressText({ ...moving, state: "paused" })).toBe("1.2 GB of 3.0 GB");
  expect(progressText({ ...moving, bytesPerSecond: 0, leftMs: null })).toBe("1.2 GB of 3.0 GB");
  expect(progressText({ ...moving, totalBytes: null })).toBe("1.2 GB · 24 MB/s · 1 min left");
  expect(progressPercent(moving)).toBeCloseTo(40);
  expect(progressPercent({ ...moving, totalBytes: null })).toBeNull();
  expect(progressPercent({ ...moving, receivedBytes: 4e9 })).toBe(100);
});
