import { expect, test } from "vitest";
import { formatMs, heatOf } from "./heat.ts";

test.each([
  [0, "cool"],
  [40, "cool"],
  [41, "warm"],
  [50, "warm"],
  [50.1, "hot"],
])("R14 %d ms of a budget of 50 is %s", (ms, heat) => {
  expect(heatOf(ms, 50)).toBe(heat);
});

test.each([
  [null, "–"],
  [Number.NaN, "–"],
  [0.04, "0.0 ms"],
  [9.96, "10.0 ms"],
  [83.4, "83 ms"],
  [-120, "-120 ms"],
  [12_340, "12.3 s"],
])("R14 %s reads as %s", (ms, text) => {
  expect(formatMs(ms)).toBe(text);
});
