import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ramp, Rig } from "../../../tests/renderer/playback-rig.ts";

const FADE = 240;

/** A tone as loud as speech gets. */
function tone(length: number): Float32Array {
  return Float32Array.from({ length }, (_, index) => 0.5 * Math.sin((2 * Math.PI * 200 * index) / 24_000));
}

function steepest(samples: readonly number[]): number {
  let most = 0;
  for (let index = 1; index < samples.length; index++) {
    most = Math.max(most, Math.abs(samples[index]! - samples[index - 1]!));
  }
  return most;
}

describe("PlaybackQueue, held and ducked", () => {
  test("R13 a held turn goes on with the very sample at which it began to fade", () => {
    const rig = new Rig();
    rig.queue.push("t", ramp(3000));
    rig.render(3);
    rig.queue.setGain("t", 0, FADE);
    rig.render(6);
    expect(rig.holds).toEqual([{ turnId: "t", frame: 384 + FADE, played: 384 }]);
    expect(rig.output.slice(384 + FADE).every((sample) => sample === 0)).toBe(true);
    expect(rig.queue.playedSamples).toBe(384);
    const resumedAt = rig.output.length;
    rig.queue.setGain("t", 1, 100);
    rig.render(4);
    expect(rig.output.slice(resumedAt + 100, resumedAt + 512)).toEqual([...ramp(412, 384 + 100)]);
    expect(rig.queue.playedSamples).toBe(384 + 512);
  });

  test("R13 however often it is held, every sample is heard and none is repeated beyond the fades", () => {
    const step = fc.record({
      blocks: fc.integer({ min: 1, max: 6 }),
      silentBlocks: fc.integer({ min: 0, max: 6 }),
      fade: fc.integer({ min: 1, max: 400 }),
      chunk: fc.integer({ min: 1, max: 500 }),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 12 }), (steps) => {
        const rig = new Rig();
        const total = 10_000;
        for (let from = 0; from < total; from += 400) rig.queue.push("t", ramp(400, from));
        rig.queue.complete("t");
        let heard = 0;
        for (const { blocks, silentBlocks, fade } of steps) {
          const start = rig.output.length;
          rig.render(blocks);
          // Whatever lies behind the longest fade-in is what follows the samples heard so far, unchanged.
          const from = Math.min(heard === 0 ? 0 : 400, blocks * 128);
          expect(rig.output.slice(start + from, start + blocks * 128)).toEqual([
            ...ramp(blocks * 128 - from, heard + from),
          ]);
          heard = rig.queue.playedSamples;
          rig.queue.setGain("t", 0, fade);
          rig.render(silentBlocks);
          rig.queue.setGain("t", 1, fade);
          // Taken back before it was silent, what sounded meanwhile was heard; else nothing of it counts.
          const wasSilent = silentBlocks * 128 >= Math.min(fade, 240);
          expect(rig.queue.playedSamples).toBe(wasSilent ? heard : heard + silentBlocks * 128);
          heard = rig.queue.playedSamples;
        }
        while (rig.endings.length === 0) rig.render();
        expect(rig.endings[0]).toMatchObject({ playedSamples: total, underruns: 0, cause: "played" });
      }),
    );
  });

  test("R13 neither a hold, nor going on, nor a change of mind in between clicks", () => {
    const rig = new Rig({ fadeInSamples: 96 });
    rig.queue.push("t", tone(24_000));
    rig.render(5);
    for (const [gain, blocks] of [
      [0, 4],
      [1, 8],
      [0, 1],
      [1, 3],
      [0.25, 1],
      [0, 1],
      [0.25, 9],
      [1, 6],
    ] as const) {
      rig.queue.setGain("t", gain, FADE);
      rig.render(blocks);
    }
    // The tone's own steepest step, and half its height over the shortest ramp, a raised cosine of 96 samples.
    const bound = (0.5 * 2 * Math.PI * 200) / 24_000 + (0.5 * Math.PI) / (2 * 96);
    expect(steepest(rig.output)).toBeLessThan(bound);
  });

  test("R13 ducked it goes on quieter, counts as heard, and comes back to what it was", () => {
    const rig = new Rig();
    rig.queue.push("t", ramp(2000));
    rig.render(2);
    rig.queue.setGain("t", 0.2, 128);
    rig.render(3);
    const quiet = rig.output.slice(256 + 128, 640);
    for (const [index, sample] of quiet.entries()) {
      expect(sample).toBeCloseTo(0.2 * ramp(1, 384 + index)[0]!, 6);
    }
    rig.queue.setGain("t", 1, 128);
    rig.render(2);
    expect(rig.output.slice(768)).toEqual([...ramp(128, 768)]);
    expect(rig.queue.playedSamples).toBe(896);
    expect(rig.holds).toEqual([]);
  });

  test("R46 a held turn that is stopped ends at once, with the moment at which it fell silent", () => {
    const rig = new Rig();
    rig.queue.push("t", ramp(3000));
    rig.render(3);
    rig.queue.setGain("t", 0, FADE);
    rig.render(6);
    rig.queue.stop("t", FADE);
    rig.render();
    expect(rig.endings).toMatchObject([
      { playedSamples: 384, frame: 9 * 128, silentFrame: 384 + FADE, cause: "stopped" },
    ]);
    expect(rig.queue.push("t", ramp(10))).toBe(false);
  });

  test("R13 held before its first sound, also before its first chunk, it begins from its beginning", () => {
    for (const order of ["gain first", "chunk first"]) {
      const rig = new Rig();
      if (order === "gain first") rig.queue.setGain("t", 0, FADE);
      rig.queue.push("t", ramp(500));
      if (order === "chunk first") rig.queue.setGain("t", 0, FADE);
      expect(rig.render(3).every((sample) => sample === 0)).toBe(true);
      expect(rig.queue.isRunning).toBe(false);
      rig.queue.setGain("t", 1, FADE);
      expect(rig.render(2)).toEqual([...ramp(256)]);
      expect(rig.holds).toEqual([]);
    }
  });

  test("R13 a hold in a gap between two chunks is silent at once and loses nothing", () => {
    const rig = new Rig({ fadeInSamples: 16 });
    rig.queue.push("t", ramp(256));
    rig.render(3);
    rig.queue.setGain("t", 0, FADE);
    rig.queue.push("t", ramp(300, 256));
    expect(rig.render(2).every((sample) => sample === 0)).toBe(true);
    expect(rig.holds).toEqual([{ turnId: "t", frame: 384, played: 256 }]);
    rig.queue.setGain("t", 1, 16);
    expect(rig.render(2).slice(16)).toEqual([...ramp(240, 256 + 16)]);
  });

  test("R62 a held turn that is never given back gives way to the next one", () => {
    const rig = new Rig();
    rig.queue.push("lost", ramp(2000));
    rig.render();
    rig.queue.setGain("lost", 0, 64);
    rig.render();
    rig.queue.push("next", ramp(128, 700));
    expect(rig.render()).toEqual([...ramp(128, 700)]);
    expect(rig.endings).toMatchObject([{ turnId: "lost", playedSamples: 128, cause: "superseded" }]);
  });

  test("R43 a start gate that comes with the speech holds for its turn alone", () => {
    const rig = new Rig();
    rig.queue.push("slow", ramp(200), 300);
    expect(rig.render().every((sample) => sample === 0)).toBe(true);
    rig.queue.push("slow", ramp(200, 200), 300);
    rig.queue.complete("slow");
    rig.queue.push("fast", ramp(100, 400));
    expect(rig.render(4).slice(0, 500)).toEqual([...ramp(500)]);
  });
});
