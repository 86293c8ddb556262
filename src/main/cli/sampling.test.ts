import { expect, test } from "vitest";
import { greedy } from "../models/services.ts";
import { readSampling } from "./sampling.ts";

test("R23 without --sampling the demo pack is greedy, other models follow their card", () => {
  expect(readSampling(undefined, "nano")).toEqual(greedy);
  expect(readSampling(undefined, "/models/mini")).toMatchObject({ temperature: 0.2, topP: 0.95 });
  expect(readSampling("greedy", "/models/mini")).toEqual(greedy);
});

test("R23 --sampling changes what it names", () => {
  expect(readSampling("temperature=0.7, top-k=40,seed=7", "nano")).toEqual({
    temperature: 0.7,
    topP: 0.95,
    topK: 40,
    minP: 0,
    repetitionPenalty: 1,
    seed: 7,
  });
});

test.each([
  "",
  "hot",
  "temperature",
  "temperature=",
  "temperature=warm",
  "temperature=3",
  "top-k=1.5",
  "toString=1",
])("R64 --sampling %j is refused", (text) =>
  expect(() => readSampling(text, "nano")).toThrow(expect.objectContaining({ code: "bad-input" })),
);
