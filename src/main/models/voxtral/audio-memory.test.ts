import { describe, expect, test } from "vitest";
import type { MelBlock } from "../services.ts";
import { AudioMemory } from "./audio-memory.ts";
import type { WindowName } from "./audio-memory.ts";

const WINDOW_BYTES = 128 * 3000 * 4;

const whole = (utteranceId: string): WindowName => ({ utteranceId, window: 0 });

function block(utteranceId: string, startFrame: number, frames: number, isLast = false): MelBlock {
  const data = new Float32Array(frames * 128).fill(-3);
  const mel = { utteranceId, window: 0, startFrame, frames, data };
  return isLast ? { ...mel, final: { samples: (startFrame + frames) * 160 } } : mel;
}

test("R63 audio memory is bounded: the longest unused utterance goes first, the newest always stays", () => {
  const memory = new AudioMemory(2 * WINDOW_BYTES);
  for (const name of ["a", "b"]) memory.add(block(name, 0, 10, true));
  expect(memory.source(whole("a"))).toBeDefined();
  memory.add(block("c", 0, 10, true));
  expect(memory.bytes).toBeLessThanOrEqual(2 * WINDOW_BYTES);
  expect(memory.source(whole("b"))).toBeUndefined();
  expect(memory.source(whole("a"))).toBeDefined();
  const tiny = new AudioMemory(1);
  tiny.add(block("d", 0, 10, true));
  expect(tiny.source(whole("d"))).toBeDefined();
});

test("R41 the same speech keeps its number, also when forgotten and sent again; more speech is another", () => {
  const memory = new AudioMemory();
  memory.add(block("a", 0, 10));
  const partly = memory.serial(whole("a"));
  expect(memory.serial(whole("a"))).toBe(partly);
  memory.add(block("a", 10, 5, true));
  const complete = memory.serial(whole("a"));
  expect(complete).not.toBe(partly);
  memory.forget(["a"]);
  expect(memory.serial(whole("a"))).toBe(complete);
  expect(memory.source(whole("a"))).toBeUndefined();
  memory.add(block("a", 0, 10));
  memory.add(block("a", 10, 5, true));
  expect(memory.source(whole("a"))?.serial).toBe(complete);
});

test("R42 embeddings of speech that went on are not used for it", () => {
  const memory = new AudioMemory();
  memory.add(block("a", 0, 10));
  memory.source(whole("a"))!.keep(new Float32Array(4));
  expect(memory.source(whole("a"))!.features).toHaveLength(4);
  memory.add(block("a", 10, 5, true));
  expect(memory.source(whole("a"))!.features).toBeUndefined();
  memory.source(whole("a"))!.keep(new Float32Array(4));
  expect(memory.bytes).toBe(16);
});

describe("R42 a provisional ending", () => {
  const provisional = (startFrame: number, frames: number): MelBlock => ({
    ...block("a", startFrame, frames, true),
    provisional: true,
  });
  const ended = (frames: number): WindowName => ({
    utteranceId: "a",
    window: 0,
    samples: frames * 160,
  });

  test("is a content of its own beside what was heard, and adopted by an end of as many samples", () => {
    const memory = new AudioMemory();
    memory.add(block("a", 0, 10));
    const heard = memory.serial(whole("a"));
    memory.add(provisional(10, 5));
    expect(memory.endsWith("a", 15 * 160)).toBe(true);
    const supposed = memory.serial(ended(15));
    expect(supposed).not.toBe(heard);
    expect(memory.serial(whole("a"))).toBe(heard);
    memory.source(ended(15))!.keep(Float32Array.of(1, 2));
    memory.add(block("a", 10, 5, true));
    expect(memory.endsWith("a", 15 * 160)).toBe(true);
    expect(memory.serial(ended(15))).toBe(supposed);
    expect(memory.source(ended(15))).toMatchObject({ serial: supposed, features: Float32Array.of(1, 2) });
    // The mel of an encoded window that has ended is not needed any more.
    expect(memory.bytes).toBe(8);
  });

  test("has the mel that the real end has", () => {
    const [memory, plain] = [new AudioMemory(), new AudioMemory()];
    const tail = { ...block("a", 10, 5, true), data: new Float32Array(5 * 128).fill(-1) };
    for (const each of [memory, plain]) each.add(block("a", 0, 10));
    memory.add({ ...tail, provisional: true });
    plain.add(tail);
    expect(memory.source(ended(15))!.mel()).toEqual(plain.source(ended(15))!.mel());
    const beforeIt = memory.source(whole("a"))!.mel();
    expect(beforeIt).not.toEqual(plain.source(ended(15))!.mel());
  });

  test.each([
    ["more speech", block("a", 10, 5)],
    ["another end", block("a", 10, 6, true)],
  ])("is void after %s, with all that was made of it", (_case, next) => {
    const memory = new AudioMemory();
    memory.add(block("a", 0, 10));
    memory.add(provisional(10, 5));
    const supposed = memory.serial(ended(15));
    const source = memory.source(ended(15))!;
    source.keep(new Float32Array(4));
    memory.add(next);
    expect(memory.endsWith("a", 15 * 160)).toBe(false);
    expect(memory.serial(ended(15))).not.toBe(supposed);
    expect(memory.source(ended(15))?.features).toBeUndefined();
    // An encoder that was still at work on it comes too late.
    source.keep(new Float32Array(4));
    expect(memory.source(ended(15))?.features).toBeUndefined();
    expect(memory.bytes).toBe(WINDOW_BYTES);
  });

  test("is kept by an encoder that was at work when it came true", () => {
    const memory = new AudioMemory();
    memory.add(provisional(0, 5));
    const source = memory.source(ended(5))!;
    memory.add(block("a", 0, 5, true));
    source.keep(Float32Array.of(7));
    expect(memory.source(ended(5))).toMatchObject({ serial: source.serial, features: Float32Array.of(7) });
  });

  test("is replaced by the next one, and unusable with a gap before it", () => {
    const memory = new AudioMemory();
    memory.add(block("a", 0, 10));
    memory.add(provisional(10, 5));
    const first = memory.serial(ended(15));
    memory.add(provisional(10, 7));
    expect(memory.endsWith("a", 15 * 160)).toBe(false);
    expect(memory.serial(ended(17))).not.toBe(first);
    memory.add(provisional(12, 7));
    expect(memory.endsWith("a", 19 * 160)).toBe(false);
    expect(memory.source(whole("a"))?.serial).toBeDefined();
  });

  test("just past a window's edge opens a window, and leaves the full one as it is", () => {
    const memory = new AudioMemory();
    expect(memory.add(block("a", 0, 3000))).toBe(0);
    memory.source(whole("a"))!.keep(Float32Array.of(1));
    const samples = 480_000 + 320;
    const tail: MelBlock = { ...block("a", 0, 2), window: 1, final: { samples } };
    memory.add({ ...tail, provisional: true });
    const [full, opened] = [0, 1].map((window) => memory.source({ utteranceId: "a", window, samples })!);
    expect(full!.features).toEqual(Float32Array.of(1));
    expect(memory.source({ utteranceId: "a", window: 1 })).toBeUndefined();
    opened!.keep(Float32Array.of(2));
    memory.add(tail);
    expect(memory.source({ utteranceId: "a", window: 1, samples })).toMatchObject({
      serial: opened!.serial,
      features: Float32Array.of(2),
    });
  });

  test("keeps its number when the utterance is sent again after it came true", () => {
    const memory = new AudioMemory();
    memory.add(provisional(0, 5));
    const supposed = memory.serial(ended(5));
    memory.add(block("a", 0, 5, true));
    memory.add(provisional(0, 9));
    expect(memory.endsWith("a", 5 * 160)).toBe(true);
    memory.forget(["a"]);
    memory.add(block("a", 0, 5, true));
    expect(memory.serial(ended(5))).toBe(supposed);
  });

  test("does not let memory grow however many there are", () => {
    const memory = new AudioMemory();
    for (let pause = 0; pause < 500; pause++) {
      memory.add(block("a", pause, 1));
      memory.add(provisional(pause + 1, 4));
      memory.source(ended(pause + 5))!.keep(new Float32Array(375 * 8));
    }
    expect(memory.bytes).toBe(WINDOW_BYTES + 4 * 128 * 4 + 375 * 8 * 4);
  });
});
