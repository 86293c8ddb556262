import { expect, test } from "vitest";
import { pauseAfterMs } from "./pauses.ts";

test.each([
  ["milk,", 1, 170],
  ["closed;", 1, 270],
  ["I know.", 1, 370],
  ["Is it?", 1, 370],
  ["Wait...", 1, 450],
  ["Wait…", 1, 450],
  ["he said “yes.”", 1, 370],
  ["(see below.)", 1, 370],
  ["cut in the", 1, 0],
  ["क्या।", 1, 370],
  ["好。", 1, 370],
  ["I know.", 2, 185],
  ["I know.", 0.5, 740],
  ["", 1, 0],
])("R2 pause after %j at speed %d: %d ms", (text, speed, pauseMs) => {
  expect(pauseAfterMs(text, speed)).toBe(pauseMs);
});
