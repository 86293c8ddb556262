import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ramp, Rig } from "../../../tests/renderer/playback-rig.ts";

describe("PlaybackQueue", () => {
  test("R5 the output is the chunks one after another, sample for sample", () => {
    const rig = new Rig();
    rig.queue.push("t", ramp(100));
    rig.queue.push("t", ramp(7, 100));
    rig.queue.push("t", ramp(293, 107));
    rig.queue.complete("t");
    rig.render(5);
    expect(rig.output.slice(0, 400)).toEqual([...ramp(400)]);
    expect(rig.output.slice(400).every((sample) => sample === 0)).toBe(true);
    expect(rig.endings).toEqual([
      { turnId: "t", playedSamples: 400, underruns: 0, frame: 400, silentFrame: 400, cause: "played" },
    ]);
  });

  test("R5 any cut of a turn into chunks, in any block size, plays without gap or loss", () => {
    const chunkLengths = fc.array(fc.integer({ min: 0, max: 700 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(chunkLengths, fc.integer({ min: 1, max: 512 }), (chunks, size) => {
        const rig = new Rig();
        const lengths = [...chunks];
        const total = lengths.reduce((sum, length) => sum + length, 0);
        let from = 0;
        // The next chunk arrives while the one before it still plays: what a fast enough engine does.
        const supply = (samples: number): void => {
          while (lengths.length > 0 && from < rig.output.length + samples) {
            const length = lengths.shift()!;
            rig.queue.push("t", ramp(length, from));
            from += length;
          }
          if (lengths.length === 0) rig.queue.complete("t");
        };
        while (rig.endings.length === 0) {
          supply(size);
          rig.render(1, size);
        }
        expect(rig.output.slice(0, total)).toEqual([...ramp(total)]);
        expect(rig.endings[0]).toMatchObject({ playedSamples: total, underruns: 0, frame: total });
      }),
    );
  });

  test("R5 whatever arrives whenever, every accepted sample is played once and in order", () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant("push" as const), length: fc.integer({ min: 0, max: 400 }) }),
      fc.record({ kind: fc.constant("render" as const), length: fc.integer({ min: 1, max: 300 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const rig = new Rig({ fadeInSamples: 0 });
        let from = 0;
        for (const { kind, length } of steps) {
          if (kind === "render") rig.render(1, length);
          else {
            rig.queue.push("t", ramp(length, from));
            from += length;
          }
        }
        rig.queue.complete("t");
        while (rig.endings.length === 0) rig.render();
        expect(rig.output.filter((sample) => sample !== 0)).toEqual([...ramp(from)]);
        expect(rig.endings[0]?.playedSamples).toBe(from);
      }),
    );
  });

  test("R5 waits for the start gate, or for the whole turn when that is shorter", () => {
    const rig = new Rig({ startGateSamples: 300 });
    rig.queue.push("t", ramp(200));
    expect(rig.render().every((sample) => sample === 0)).toBe(true);
    expect(rig.queue.isRunning).toBe(false);
    rig.queue.push("t", ramp(200, 200));
    expect(rig.render()).toEqual([...ramp(128)]);

    const short = new Rig({ startGateSamples: 300 });
    short.queue.push("t", ramp(50));
    short.render();
    short.queue.complete("t");
    expect(short.render().slice(0, 50)).toEqual([...ramp(50)]);
  });

  test("R5 a gap inside the speech counts once and comes back under a ramp", () => {
    const rig = new Rig({ fadeInSamples: 16 });
    rig.queue.push("t", ramp(100));
    rig.render(4);
    rig.queue.push("t", ramp(200, 100));
    const resumed = rig.render();
    expect(rig.queue.underruns).toBe(1);
    expect(resumed[0]).toBeLessThan(ramp(1, 100)[0]! * 0.05);
    expect(resumed.slice(16)).toEqual([...ramp(112, 116)]);
    rig.queue.complete("t");
    rig.render(2);
    expect(rig.endings[0]).toMatchObject({ playedSamples: 300, underruns: 1 });
  });

  test("R5 an end that is announced late is not an underrun", () => {
    const rig = new Rig();
    rig.queue.push("t", ramp(100));
    rig.render(6);
    rig.queue.complete("t");
    rig.render();
    expect(rig.endings).toMatchObject([{ playedSamples: 100, underruns: 0, cause: "played" }]);
  });

  test("R46 stop fades to silence within 10 ms and nothing of the turn is heard after it", () => {
    const rig = new Rig();
    rig.queue.push("old", new Float32Array(24_000).fill(0.5));
    rig.render(3);
    rig.queue.stop("old", 24_000);
    const heardBefore = rig.output.length;
    rig.queue.push("old", ramp(500));
    rig.render(10);
    const tail = rig.output.slice(heardBefore);
    const lastAudible = tail.findLastIndex((sample) => sample !== 0);
    expect(lastAudible).toBeLessThan(240);
    for (let index = 1; index <= lastAudible; index++) {
      expect(Math.abs(tail[index]! - tail[index - 1]!)).toBeLessThan(0.01);
    }
    expect(rig.endings).toEqual([
      {
        turnId: "old",
        playedSamples: 384,
        underruns: 0,
        frame: heardBefore + 240,
        silentFrame: heardBefore + 240,
        cause: "stopped",
      },
    ]);
    expect(rig.queue.push("old", ramp(10))).toBe(false);
  });

  test("R46 a stop inside the ramp after an underrun goes on from the level it had", () => {
    const rig = new Rig({ fadeInSamples: 200 });
    rig.queue.push("t", new Float32Array(10).fill(0.5));
    rig.render();
    rig.queue.push("t", new Float32Array(2000).fill(0.5));
    const up = rig.render().at(-1)!;
    rig.queue.stop("t", 240);
    const down = rig.render()[0]!;
    expect(Math.abs(down - up)).toBeLessThan(0.01);
  });

  test("R46 a stop before the first sound, twice, or of an unknown turn leaves silence", () => {
    const rig = new Rig({ startGateSamples: 1000 });
    rig.queue.push("t", ramp(500));
    rig.queue.stop("t", 240);
    rig.queue.stop("t", 240);
    rig.queue.stop("never-seen", 240);
    expect(rig.queue.push("never-seen", ramp(10))).toBe(false);
    expect(rig.render(4).every((sample) => sample === 0)).toBe(true);
    expect(rig.endings).toMatchObject([
      { turnId: "t", playedSamples: 0, silentFrame: null, cause: "stopped" },
    ]);
  });

  test("R5 turns never overlap: the next begins at the sample after the last", () => {
    const rig = new Rig();
    rig.queue.push("a", ramp(150));
    rig.queue.complete("a");
    rig.queue.push("b", ramp(150, 1000));
    rig.queue.complete("b");
    rig.render(3);
    expect(rig.output.slice(0, 300)).toEqual([...ramp(150), ...ramp(150, 1000)]);
    expect(rig.endings.map(({ turnId, frame }) => ({ turnId, frame }))).toEqual([
      { turnId: "a", frame: 150 },
      { turnId: "b", frame: 300 },
    ]);
  });

  test("R62 a turn that is never completed gives way to the next one", () => {
    const rig = new Rig();
    rig.queue.push("lost", ramp(50));
    rig.render();
    rig.queue.push("next", ramp(50, 50));
    expect(rig.render().slice(0, 50)).toEqual([...ramp(50, 50)]);
    expect(rig.endings).toMatchObject([{ turnId: "lost", playedSamples: 50, cause: "superseded" }]);
  });

  test("R15 the first sound is the first sample above −60 dBFS, at its exact frame", () => {
    const rig = new Rig();
    const speech = new Float32Array(600);
    speech.fill(0.0005, 0, 300).fill(0.3, 300);
    rig.queue.push("t", speech);
    rig.render(5);
    expect(rig.firstSounds).toEqual([{ turnId: "t", frame: 300 }]);
  });

  test("R63 10 000 chunks leave nothing behind", () => {
    const rig = new Rig();
    const block = new Float32Array(128);
    for (let index = 0; index < 10_000; index++) {
      rig.queue.push(`turn-${index}`, ramp(64));
      rig.queue.complete(`turn-${index}`);
      rig.queue.render(block, index * block.length);
    }
    expect(rig.endings).toHaveLength(10_000);
    expect(rig.queue.turnId).toBeNull();
  });
});
