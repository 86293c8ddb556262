import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { defaultListening, type ListeningOptions } from "../services.ts";
import { FRAME_SAMPLES } from "./frames.ts";
import { VoiceTracker, type VoiceChange } from "./voice-activity.ts";
import { judgeFrame } from "./voice-judgement.ts";

const options: ListeningOptions = { ...defaultListening, adaptive: false, minEndPauseMs: 512 };
const FRAME_MS = 32;
/** How loud a frame is beside the background, in dB: as silence, and as speech. */
const SILENT = 0;
const LOUD = 30;

type Told = VoiceChange & { readonly atFrame: number };

/** Feeds frames, one a character: a digit is the probability in tenths (loud from 2 on), "n" noise the detector does not take
 *  for voice, "q" a quiet word it is unsure of. */
class Stream {
  readonly tracker: VoiceTracker;
  frames = 0;

  constructor(given: Partial<ListeningOptions> = {}) {
    this.tracker = new VoiceTracker({ ...options, ...given });
  }

  hear(text: string): Told[] {
    return text.split("").flatMap((letter) => {
      const isNoise = letter === "n";
      const probability = isNoise ? 0.05 : letter === "q" ? 0.2 : Number(letter) / 10;
      const excessDb = letter === "q" ? 6 : isNoise || probability >= 0.2 ? LOUD : SILENT;
      this.frames++;
      const endSample = this.frames * FRAME_SAMPLES;
      const facts = { endSample, probability, excessDb: [excessDb], speakerDb: 0 };
      const changes = this.tracker.hear(judgeFrame(facts));
      return changes.map((change) => Object.assign({ atFrame: this.frames }, change));
    });
  }
}

const types = (told: readonly Told[]): string[] => told.map(({ type }) => type);
const silence = (frames: number): string => "0".repeat(frames);

describe("R13 speech", () => {
  test("starts with 96 ms of voice, and says where that began", () => {
    const told = new Stream().hear(`00000999`);
    expect(told).toEqual([{ type: "started", startSample: 5 * FRAME_SAMPLES, atFrame: 8 }]);
  });

  test("begins with the faint voice before it: a whisper's first word is not lost", () => {
    const [started] = new Stream().hear(`00000q2200q099${"9".repeat(3)}`);
    expect(started).toMatchObject({ type: "started", startSample: 5 * FRAME_SAMPLES });
  });

  test("but no further back than a second and a half", () => {
    const [started] = new Stream().hear(`${"q".repeat(200)}999`);
    expect(started).toMatchObject({ startSample: (200 * FRAME_MS - 1_500) * 16 });
  });

  test("a cough, a click or noise is none", () => {
    expect(new Stream().hear(`0099000990009${"n".repeat(50)}0`)).toEqual([]);
  });

  test("goes on at probabilities that could not have begun it", () => {
    const told = new Stream().hear(`999${"4".repeat(40)}`);
    expect(types(told)).toEqual(["started"]);
  });

  test("pauses after 120 ms, resumes with the first frame of voice, and ends after the end pause", () => {
    const told = new Stream().hear(`9999${silence(8)}99${silence(20)}`);
    expect(types(told)).toEqual(["started", "paused", "resumed", "paused", "ended"]);
    expect(told[1]).toMatchObject({ endSample: 4 * FRAME_SAMPLES, atFrame: 8, endPauseMs: 512 });
    expect(told[2]).toMatchObject({ pauseMs: 8 * FRAME_MS, atFrame: 13 });
    expect(told[4]).toMatchObject({
      endSample: 14 * FRAME_SAMPLES,
      pauseMs: 512,
      voicedMs: 6 * FRAME_MS,
      atFrame: 30,
    });
  });

  test("a noise in the pause voids what was made of the pause, and does not keep the question open", () => {
    const told = new Stream().hear(`9999${silence(8)}n${silence(20)}`);
    expect(types(told)).toEqual(["started", "paused", "resumed", "paused", "ended"]);
    expect(told.at(-1)).toMatchObject({ endSample: 4 * FRAME_SAMPLES, atFrame: 4 + 16 });
  });

  test("noise without an end does not keep it open for ever", () => {
    const told = new Stream().hear(`9999${"n".repeat(100)}`);
    expect(told.at(-1)).toMatchObject({ type: "ended", pauseMs: 1_504 });
  });

  test("a voice the detector is unsure of is waited for", () => {
    const told = new Stream().hear(`9999${"q".repeat(30)}`);
    expect(types(told)).toEqual(["started"]);
  });
});

describe("R42 pauses of an open utterance", () => {
  test("are told even when its voice is too short to be speech: a single no", () => {
    const stream = new Stream();
    stream.tracker.open(0);
    expect(types(stream.hear(`0099${silence(10)}`))).toEqual(["paused"]);
    expect(types(stream.hear("9"))).toEqual(["resumed"]);
  });

  test("not of voice before it, and not of noise", () => {
    const stream = new Stream();
    stream.hear("099");
    stream.tracker.open(3 * FRAME_SAMPLES);
    expect(stream.hear(`${silence(10)}nnn${silence(10)}`)).toEqual([]);
  });

  test("that has ended are nobody's", () => {
    const stream = new Stream();
    stream.tracker.open(0);
    stream.hear(`99${silence(10)}`);
    stream.tracker.close();
    expect(stream.hear("9")).toEqual([]);
  });
});

describe("R13 the end adapts", () => {
  const adaptive = { adaptive: true, minEndPauseMs: 300, maxEndPauseMs: 2_000 };
  const endPause = (stream: Stream): number => {
    const told = stream.hear(`999${silence(80)}`);
    const ended = told.find((change) => change.type === "ended");
    return ended?.type === "ended" ? ended.pauseMs : Number.NaN;
  };

  test("to pauses that speech followed, also those that were taken for the end", () => {
    const fast = new Stream(adaptive);
    fast.hear(`999${`${silence(5)}99`.repeat(20)}${silence(80)}`);
    const slow = new Stream(adaptive);
    slow.hear(`999${`${silence(25)}999`.repeat(20)}${silence(80)}`);
    expect(endPause(slow)).toBeGreaterThan(1.5 * endPause(fast));
  });

  test("to what the words say, until there is voice again", () => {
    const stream = new Stream(adaptive);
    stream.tracker.open(0);
    stream.hear(`999${silence(5)}`);
    stream.tracker.hint(1);
    expect(stream.hear(silence(5))).toMatchObject([{ type: "ended", pauseMs: 320 }]);
    stream.hear(`${silence(80)}999${silence(5)}`);
    stream.tracker.hint(0);
    expect(types(stream.hear(`${silence(30)}9`))).toEqual(["resumed"]);
    const ended = stream.hear(silence(80)).at(-1);
    expect(ended?.type === "ended" && ended.pauseMs).toBeLessThan(1_500);
  });
});

test("R13 whatever is heard: speech starts, pauses, resumes and ends in this order, at positions that only grow", () => {
  const anything = fc.string({
    unit: fc.constantFrom("0", "0", "0", "0", "0", "9", "9", "9", "4", "q", "n"),
    minLength: 1,
    maxLength: 300,
  });
  fc.assert(
    fc.property(anything, (text) => {
      const stream = new Stream();
      let isSpeech = false;
      let isPaused = false;
      let position = 0;
      for (const change of stream.hear(text)) {
        switch (change.type) {
          case "started":
            expect(isSpeech).toBe(false);
            isSpeech = true;
            expect(change.startSample).toBeGreaterThanOrEqual(position);
            position = change.startSample;
            break;
          case "paused":
            expect([isSpeech, isPaused]).toEqual([true, false]);
            isPaused = true;
            expect(change.endSample).toBeGreaterThanOrEqual(position);
            break;
          case "resumed":
            expect([isSpeech, isPaused]).toEqual([true, true]);
            expect(change.pauseMs).toBeGreaterThanOrEqual(options.microPauseMs);
            isPaused = false;
            break;
          default:
            expect(isSpeech).toBe(true);
            expect(change.endSample).toBeGreaterThan(position);
            expect(change.pauseMs).toBeGreaterThanOrEqual(options.minEndPauseMs);
            position = change.endSample;
            isSpeech = false;
            isPaused = false;
        }
      }
    }),
    { numRuns: 500 },
  );
});
