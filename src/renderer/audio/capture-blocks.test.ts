import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CaptureBlocks, captureBlockSamples, type BlockLevel } from "./capture-blocks.ts";

interface Rig {
  readonly blocks: CaptureBlocks;
  readonly samples: number[];
  readonly sizes: number[];
  readonly levels: (BlockLevel | null)[];
}

function collect(blockSamples: number, levelBlocks = 1): Rig {
  const samples: number[] = [];
  const sizes: number[] = [];
  const levels: (BlockLevel | null)[] = [];
  const emit = (block: Float32Array, level: BlockLevel | null): void => {
    samples.push(...block);
    sizes.push(block.length);
    levels.push(level);
  };
  const blocks = new CaptureBlocks({ blockSamples, levelBlocks, emit });
  return { blocks, samples, sizes, levels };
}

describe("CaptureBlocks", () => {
  test("R12 no sample is lost, repeated or moved on the way into blocks", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 30 }),
        fc.integer({ min: 1, max: 512 }),
        (quanta, blockSamples) => {
          const rig = collect(blockSamples);
          const total = quanta.reduce((sum, length) => sum + length, 0);
          let from = 0;
          for (const length of quanta) {
            rig.blocks.push([Float32Array.from({ length }, (_, index) => from + index)]);
            from += length;
          }
          const whole = total - (total % blockSamples);
          expect(rig.samples).toEqual(Array.from({ length: whole }, (_, index) => index));
          expect(rig.sizes.every((size) => size === blockSamples)).toBe(true);
        },
      ),
    );
  });

  test("R12 stereo becomes the mean of both channels", () => {
    const rig = collect(4);
    rig.blocks.push([Float32Array.of(1, 0, 0.5, -1), Float32Array.of(0, 0, 0.5, -1)]);
    expect(rig.samples).toEqual([0.5, 0, 0.5, -1]);
  });

  test("R14 the level is the block's root mean square and peak", () => {
    const rig = collect(4);
    rig.blocks.push([Float32Array.of(0.5, -0.5, 0.5, -0.5)]);
    rig.blocks.push([Float32Array.of(0, 0, -1, 0)]);
    expect(rig.levels).toEqual([
      { rms: 0.5, peak: 0.5 },
      { rms: 0.5, peak: 1 },
    ]);
  });

  test("R14 a level is told of several blocks together, each of them once", () => {
    const rig = collect(2, 2);
    for (const value of [1, -0.5, 0, 0]) rig.blocks.push([Float32Array.of(value, value)]);
    expect(rig.levels).toEqual([null, { rms: Math.sqrt(0.625), peak: 1 }, null, { rms: 0, peak: 0 }]);
  });

  test.each([
    [8000, 128],
    [16_000, 128],
    [44_100, 384],
    [48_000, 384],
    [96_000, 768],
  ])("R12 a block at %i Hz is 8 to 16 ms in whole quanta", (rateHz, samples) => {
    expect(captureBlockSamples(rateHz)).toBe(samples);
    expect((samples / rateHz) * 1000).toBeGreaterThanOrEqual(8);
    expect((samples / rateHz) * 1000).toBeLessThanOrEqual(16);
  });
});
