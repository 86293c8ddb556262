import { expect, test } from "vitest";
import type { ModelEntry } from "../../shared/app-contract.ts";
import { fitOf, isInUse, recommended, withModel, withoutKind } from "./choice.ts";

function entry(id: string, kind: ModelEntry["kind"], fits: ModelEntry["fits"], gigabytes = 5): ModelEntry {
  return {
    id,
    kind,
    name: id,
    note: "",
    repo: "a/b",
    licence: "Apache-2.0",
    dtype: "q4",
    fits,
    memoryBytes: gigabytes * 1e9,
    fitsMemory: gigabytes <= 16,
    state: "ready",
    receivedBytes: 0,
    totalBytes: null,
    bytesPerSecond: 0,
    leftMs: null,
    error: null,
  };
}

const half = entry("v-half", "voxtral", ["gpu"]);
const quarter = entry("v-q4", "voxtral", ["cpu", "gpu"]);
const heart = entry("k-32", "kokoro", ["cpu", "gpu"], 1);
const all = [half, quarter, heart];

test("R20 a model takes the place of its kind alone, in the order that settings have", () => {
  expect(withModel(half, "nano", all)).toBe("v-half");
  expect(withModel(heart, "v-half", all)).toBe("v-half+k-32");
  expect(withModel(quarter, "v-half+k-32", all)).toBe("v-q4+k-32");
  expect(withModel(half, "k-32", all)).toBe("v-half+k-32");
  expect(withModel(half, "/a/folder", all)).toBe("v-half");
});

test("R19 the demo pack takes over what is let go of", () => {
  expect(withoutKind("voxtral", "v-half+k-32", all)).toBe("k-32");
  expect(withoutKind("kokoro", "k-32", all)).toBe("nano");
  expect(withoutKind("kokoro", "nano", all)).toBe("nano");
});

test("R20 in use is what settings name, and nothing that only looks like it", () => {
  expect(isInUse(heart, "v-half+k-32")).toBe(true);
  expect(isInUse(heart, "v-half+k-320")).toBe(false);
});

test("R20 recommended is the first that suits the machine", () => {
  expect(recommended("voxtral", all, true)).toBe(half);
  expect(recommended("voxtral", all, null)).toBe(quarter);
  expect(recommended("voxtral", [entry("huge", "voxtral", ["cpu"], 64), half], false)).toBe(half);
  expect(recommended("kokoro", [], true)).toBeUndefined();
});

test("R20 the fit says why not", () => {
  expect(fitOf(entry("x", "voxtral", ["cpu"], 64), 16e9, true).verdict).toBe("too-big");
  expect(fitOf(entry("x", "voxtral", ["cpu"], 12), 16e9, true).verdict).toBe("tight");
  expect(fitOf(half, 16e9, false).text).toContain("graphics card");
  expect(fitOf(half, 16e9, null).verdict).toBe("fits");
});
