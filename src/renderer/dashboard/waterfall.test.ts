import { describe, expect, test } from "vitest";
import { latencyRecord } from "../../../tests/renderer/latency-record.ts";
import { waterfallOf } from "./waterfall.ts";

const step = (index: number, startMs: number, sessionMs?: number): object => ({
  name: "decode",
  startMs,
  endMs: startMs + 10,
  index,
  ...(sessionMs === undefined ? {} : { sessionMs }),
});

function layout(spans: object[], changes: object = {}): ReturnType<typeof waterfallOf> {
  return waterfallOf(latencyRecord({ ...changes, metrics: { spans: spans as never } }));
}

describe("waterfallOf", () => {
  test("R15 lanes follow the order of a turn, unknown stages come last, empty ones are left out", () => {
    const { lanes } = layout([
      { name: "heard", startMs: 200, endMs: 210 },
      { name: "speculation", startMs: -50, endMs: -10 },
      { name: "mel", startMs: 0, endMs: 3 },
      { name: "prefill", startMs: 10, endMs: 50 },
    ]);
    expect(lanes.map(({ title }) => title)).toEqual(["Log-mel", "Prefill", "Output", "speculation"]);
  });

  test("R15 decoder steps merge into runs, the first stays alone and a pause divides them", () => {
    const { lanes } = layout([step(0, 50), step(1, 61, 8), step(2, 72, 8), step(3, 82, 8), step(4, 120, 8)]);
    expect(
      lanes[0]?.bars.map(({ firstIndex, lastIndex, steps, sessionMs }) => [
        firstIndex,
        lastIndex,
        steps,
        sessionMs,
      ]),
    ).toEqual([
      [0, 0, 1, null],
      [1, 3, 3, 24],
      [4, 4, 1, 8],
    ]);
  });

  test("R15 chunks of speech stay apart even when they touch", () => {
    const { lanes } = layout([
      { name: "synthesis", startMs: 100, endMs: 150, index: 0 },
      { name: "synthesis", startMs: 150, endMs: 220, index: 1 },
    ]);
    expect(lanes[0]?.bars).toHaveLength(2);
  });

  test("R42 what was done ahead has a lane with one bar an attempt, and stays apart in its stages", () => {
    const ahead = (name: string, startMs: number, endMs: number, speculative: "used" | "dropped") => ({
      name,
      startMs,
      endMs,
      sessionMs: endMs - startMs,
      speculative,
    });
    const { lanes, startMs, answerStartMs } = layout([
      ahead("prefill", -1175, -1150, "dropped"),
      ahead("encode", -1200, -1175, "dropped"),
      ahead("encode", -220, -190, "used"),
      ahead("prefill", -190, -150, "used"),
      ahead("decode", -150, -140, "used"),
      step(1, -138),
      step(2, -127),
    ]);
    expect(lanes[0]).toMatchObject({
      title: "Ahead",
      bars: [
        { ahead: "dropped", startMs: -1200, endMs: -1150, sessionMs: 50, firstIndex: 0 },
        { ahead: "used", startMs: -220, endMs: -140, sessionMs: 80, firstIndex: 1 },
      ],
    });
    expect(lanes.find(({ name }) => name === "encode")?.bars.map((bar) => bar.ahead)).toEqual([
      "dropped",
      "used",
    ]);
    expect(lanes.find(({ name }) => name === "decode")?.bars.map((bar) => [bar.ahead, bar.steps])).toEqual([
      ["used", 1],
      [null, 2],
    ]);
    // The way to the sound begins with what became the answer; the whole turn with what was tried.
    expect({ startMs, answerStartMs }).toEqual({ startMs: -1200, answerStartMs: -220 });
  });

  test("R15 of a long recording only the end is on the axis", () => {
    expect(layout([{ name: "capture", startMs: -60_000, endMs: 0 }]).startMs).toBe(-30);
    expect(layout([{ name: "mel", startMs: 0, endMs: 3 }]).startMs).toBe(0);
    const early = { name: "prefill", startMs: -400, endMs: 3 };
    expect(layout([{ name: "mel", startMs: 0, endMs: 3 }, early]).startMs).toBe(-400);
  });

  test("R15 the axis ends with the last span or milestone and knows the first sound", () => {
    const whole = layout([{ name: "synthesis", startMs: 100, endMs: 900, index: 0 }]);
    expect(whole).toMatchObject({ endMs: 900, firstSoundMs: 210 });
    expect(whole.milestones.map(({ title }) => title)).toEqual([
      "First token",
      "First word",
      "First audio",
      "Heard",
    ]);
    expect(layout([{ name: "mel", startMs: 0, endMs: 3 }], { keyToSoundMs: null }).firstSoundMs).toBe(182);
  });
});
