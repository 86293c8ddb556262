import { expect, test } from "vitest";
import { BlockRecorder } from "./block-recorder.ts";

test("R13 a recording is what was sent, in order, and says when it is long enough", async () => {
  let isOver = false;
  const recorder = new BlockRecorder(() => (isOver = true));
  const reached: number[] = [];
  const waiting = [10, 30].map(async (ms) => {
    await recorder.reached(ms);
    reached.push(ms);
  });
  recorder.push(Float32Array.of(1, 2), 200);
  await waiting[0];
  expect(reached).toEqual([10]);
  recorder.push(Float32Array.of(3, 4, 5, 6), 200);
  await waiting[1];
  await recorder.reached(30);
  expect({ length: recorder.length, rateHz: recorder.rateHz }).toEqual({ length: 6, rateHz: 200 });
  expect([...recorder.samples()]).toEqual([1, 2, 3, 4, 5, 6]);
  recorder[Symbol.dispose]();
  expect(isOver).toBe(true);
});
