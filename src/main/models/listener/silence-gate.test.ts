import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FRAME_SAMPLES } from "./frames.ts";
import { SilenceGate } from "./silence-gate.ts";
import type { HeardFrame } from "./voice-judgement.ts";

const PAUSE = 1_920;

/** What frames are taken for: voice, perhaps voice (a noise), silence. */
type Kind = "v" | "n" | "_";

const frame = (kind: Kind, index: number): HeardFrame => ({
  endSample: (index + 1) * FRAME_SAMPLES,
  probability: kind === "v" ? 0.9 : 0,
  mayBeVoice: kind !== "_",
  isVoice: kind === "v",
  soundEndSample: (index + 1) * FRAME_SAMPLES,
});

/** Positions of the stream as samples, so that what passes tells where it came from (exact in a float up to 2^24). */
const positions = (from: number, until: number): Float32Array =>
  Float32Array.from({ length: until - from }, (_, i) => from + i);

interface Outcome {
  readonly passed: number[];
  readonly trimmed: number;
}

/** A stream of whole frames through a gate, pushed in pieces of these lengths and judged as soon as a frame is full. */
function run(kinds: readonly Kind[], fromSample: number, pieces: readonly number[]): Outcome {
  const passed: number[] = [];
  const pass = (samples: Float32Array): void => void passed.push(...samples);
  const gate = new SilenceGate({ fromSample, pauseSamples: PAUSE, pass });
  const until = kinds.length * FRAME_SAMPLES;
  let judged = 0;
  for (let at = fromSample, turn = 0; at < until; turn++) {
    const next = Math.min(until, at + Math.max(1, pieces[turn % pieces.length]!));
    gate.push(positions(at, next));
    at = next;
    for (; (judged + 1) * FRAME_SAMPLES <= at; judged++) {
      const heard = frame(kinds[judged]!, judged);
      if (heard.endSample > fromSample) gate.judged(heard);
    }
  }
  return { passed, trimmed: gate.finish() };
}

const kinds = (text: string): Kind[] => text.split("") as Kind[];

describe("R42 the last silence stays out", () => {
  test("what was said, and 120 ms", () => {
    const { passed, trimmed } = run(kinds("__vvv______"), 0, [512]);
    expect(passed).toEqual([...positions(0, 5 * FRAME_SAMPLES + PAUSE)]);
    expect(trimmed).toBe(6 * FRAME_SAMPLES - PAUSE);
  });

  test("silence within is kept, however long, and so is a noise that may be voice", () => {
    const { passed, trimmed } = run(kinds("vv_________v____n___"), 0, [512]);
    expect(passed).toEqual([...positions(0, 20 * FRAME_SAMPLES)]);
    expect(trimmed).toBe(0);
  });

  test("an utterance in which no voice was heard is kept whole: it may be the detector that failed", () => {
    const { passed, trimmed } = run(kinds("___n________________"), 700, [300]);
    expect(passed).toEqual([...positions(700, 20 * FRAME_SAMPLES)]);
    expect(trimmed).toBe(0);
  });

  test("the end is the same at every moment of a pause", () => {
    const ends = ["v____", "v_______", "v____________"].map(
      (text) => run(kinds(text), 0, [512]).passed.length,
    );
    expect(ends).toEqual([FRAME_SAMPLES + PAUSE, FRAME_SAMPLES + PAUSE, FRAME_SAMPLES + PAUSE]);
  });

  const anyKinds = fc.array(fc.constantFrom<Kind>("v", "n", "_", "_", "_", "_"), {
    minLength: 1,
    maxLength: 40,
  });

  test("however the samples come, the same pass; nothing voiced is missing, and nothing is out of order", () => {
    fc.assert(
      fc.property(
        anyKinds,
        fc.nat(600),
        fc.array(fc.integer({ min: 1, max: 5_000 }), { minLength: 1, maxLength: 8 }),
        (stream, from, pieces) => {
          const fromSample = Math.min(from, stream.length * FRAME_SAMPLES - 1);
          const { passed, trimmed } = run(stream, fromSample, pieces);
          const whole = stream.length * FRAME_SAMPLES;
          expect(passed).toEqual([...positions(fromSample, whole - trimmed)]);
          const lastVoiced = (stream.findLastIndex((kind) => kind !== "_") + 1) * FRAME_SAMPLES;
          expect(whole - trimmed).toBeGreaterThanOrEqual(Math.min(whole, lastVoiced));
          expect(run(stream, fromSample, [whole])).toEqual({ passed, trimmed });
        },
      ),
      { numRuns: 200 },
    );
  });

  test("complete means: exactly what it will have if it ends now or later in this pause", () => {
    const passed: number[] = [];
    const gate = new SilenceGate({
      fromSample: 0,
      pauseSamples: PAUSE,
      pass: (samples) => void passed.push(...samples),
    });
    const states = kinds("_v____").map((kind, i) => {
      gate.push(positions(i * FRAME_SAMPLES, (i + 1) * FRAME_SAMPLES));
      gate.judged(frame(kind, i));
      return gate.isComplete;
    });
    expect(states).toEqual([false, false, false, false, false, true]);
    expect(passed).toHaveLength(2 * FRAME_SAMPLES + PAUSE);
  });
});
