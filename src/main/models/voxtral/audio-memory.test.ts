import { expect, test } from "vitest";
import type { MelBlock } from "../services.ts";
import { AudioMemory } from "./audio-memory.ts";

const WINDOW_BYTES = 128 * 3000 * 4;

function block(utteranceId: string, startFrame: number, frames: number, isLast = false): MelBlock {
  const data = new Float32Array(frames * 128).fill(-3);
  const mel = { utteranceId, window: 0, startFrame, frames, data };
  return isLast ? { ...mel, final: { samples: (startFrame + frames) * 160 } } : mel;
}

test("R63 audio memory is bounded: the longest unused utterance goes first, the newest always stays", () => {
  const memory = new AudioMemory(2 * WINDOW_BYTES);
  for (const name of ["a", "b"]) memory.add(block(name, 0, 10, true));
  expect(memory.source("a", 0)).toBeDefined();
  memory.add(block("c", 0, 10, true));
  expect(memory.bytes).toBeLessThanOrEqual(2 * WINDOW_BYTES);
  expect(memory.source("b", 0)).toBeUndefined();
  expect(memory.source("a", 0)).toBeDefined();
  const tiny = new AudioMemory(1);
  tiny.add(block("d", 0, 10, true));
  expect(tiny.source("d", 0)).toBeDefined();
});

test("R41 the same speech keeps its number, also when forgotten and sent again; more speech is another", () => {
  const memory = new AudioMemory();
  memory.add(block("a", 0, 10));
  const partly = memory.serial("a", 0);
  expect(memory.serial("a", 0)).toBe(partly);
  memory.add(block("a", 10, 5, true));
  const whole = memory.serial("a", 0);
  expect(whole).not.toBe(partly);
  memory.forget(["a"]);
  expect(memory.serial("a", 0)).toBe(whole);
  expect(memory.source("a", 0)).toBeUndefined();
  memory.add(block("a", 0, 10));
  memory.add(block("a", 10, 5, true));
  expect(memory.source("a", 0)?.serial).toBe(whole);
});

test("R42 embeddings of speech that went on are not used for it", () => {
  const memory = new AudioMemory();
  memory.add(block("a", 0, 10));
  memory.source("a", 0)!.keep(new Float32Array(4));
  expect(memory.source("a", 0)!.features).toHaveLength(4);
  memory.add(block("a", 10, 5, true));
  expect(memory.source("a", 0)!.features).toBeUndefined();
  memory.source("a", 0)!.keep(new Float32Array(4));
  expect(memory.bytes).toBe(16);
});
