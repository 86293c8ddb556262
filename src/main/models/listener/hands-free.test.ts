import { describe, expect, test, vi } from "vitest";
import { Microphone } from "../../../../tests/support/microphone.ts";
import {
  audible,
  digest,
  fanNoise,
  joined,
  mixed,
  music,
  questions,
  recording,
  silence,
  whiteNoise,
  words,
} from "../../../../tests/support/speech.ts";
import { defaultListening } from "../services.ts";
import { SileroDetector, sileroPath } from "./silero.ts";

const types = (microphone: Microphone): string[] => microphone.voice.map(({ type }) => type);

describe("R13 hands-free", () => {
  test.each(questions)("%s starts, pauses and ends once, near where it was said", async (name) => {
    using microphone = await Microphone.open({ adaptive: false });
    const said = joined(silence(1_000), recording(name), silence(1_000));
    await microphone.hear(mixed(said, whiteNoise(said.length, -60)));
    expect(types(microphone).filter((type) => type === "started" || type === "ended")).toEqual([
      "started",
      "ended",
    ]);
    const { first, last } = audible(said, -40);
    const [started] = microphone.voice;
    const ended = microphone.voice.at(-1);
    if (started?.type !== "started" || ended?.type !== "ended")
      throw new Error("No start or no end was told.");
    expect(Math.abs(started.startSample - first)).toBeLessThan(16 * 64);
    expect(Math.abs(ended.endSample - last)).toBeLessThan(16 * 130);
    expect(ended.pauseMs).toBeGreaterThanOrEqual(500);
    expect(ended.pauseMs).toBeLessThan(500 + 32);
    // The clock of this microphone goes by its samples; a block is 20 ms.
    expect(
      Math.abs(started.startedAtMs - microphone.startedAtMs - started.startSample / 16),
    ).toBeLessThanOrEqual(20);
    expect(Math.abs(ended.endedAtMs - microphone.startedAtMs - ended.endSample / 16)).toBeLessThanOrEqual(20);
  });

  test.each([
    ["a fan", fanNoise(160_000, -30)],
    ["music", music(160_000, -25)],
    ["white noise", whiteNoise(160_000, -25)],
    [
      "knocks",
      joined(...Array.from({ length: 12 }, (_, i) => joined(whiteNoise(600, -12, i + 1), silence(400)))),
    ],
    ["silence", silence(5_000)],
  ])("no speech starts in %s", async (_name, noise) => {
    using microphone = await Microphone.open();
    await microphone.hear(noise);
    expect(microphone.voice).toEqual([]);
  });

  test("an utterance opened from where speech began has its first word, sample by sample", async () => {
    using microphone = await Microphone.open();
    const said = joined(silence(1_000), recording("private"), silence(900));
    const early = said.slice(0, 40_000);
    await microphone.hear(early);
    const [started] = microphone.voice;
    if (started?.type !== "started") throw new Error("Speech did not start.");
    const fromSample = started.startSample - 3_200;
    await microphone.begin("u", fromSample);
    await microphone.hear(said.slice(early.length));
    const { samples, preRollSamples } = await microphone.end();
    expect(preRollSamples).toBe(early.length - fromSample);
    const audio = await microphone.listener.call("audio", { utteranceId: "u" });
    expect(digest(audio)).toBe(digest(said.slice(fromSample, fromSample + samples)));
  });

  test("an utterance can begin five seconds back, and no further", async () => {
    using microphone = await Microphone.open();
    await microphone.hear(silence(6_000));
    const begin = (utteranceId: string, fromSample: number) =>
      microphone.listener.call("begin", { utteranceId, preRollMs: 0, fromSample });
    expect(await begin("near", 30_000)).toEqual({ preRollSamples: 66_000 });
    expect(await begin("far", 0)).toEqual({ preRollSamples: 80_000 });
    expect(await begin("future", 200_000)).toEqual({ preRollSamples: 0 });
    await expect(begin("nowhere", Number.NaN)).rejects.toThrow(/sample NaN/);
  });

  test("a hint about the words ends the pause sooner; one about another utterance does not", async () => {
    const endAfter = async (utteranceId: string): Promise<number> => {
      using microphone = await Microphone.open({ minEndPauseMs: 200 });
      await microphone.begin();
      await microphone.hear(joined(words("who-are-you"), silence(100)));
      microphone.listener.notify("hint", { utteranceId, completeness: 1 });
      await microphone.hear(silence(2_000));
      const ended = microphone.voice.find((activity) => activity.type === "ended");
      return ended?.type === "ended" ? ended.pauseMs : Number.NaN;
    };
    expect(await endAfter("u")).toBeLessThan(300);
    expect(await endAfter("v")).toBeGreaterThan(500);
  });

  test("the level tells how likely speech is, the summary how much voice there was", async () => {
    using microphone = await Microphone.open();
    const { summary } = await microphone.ask(joined(silence(500), recording("biggest-planet"), silence(500)));
    expect(Math.max(...microphone.speech.slice(0, 10))).toBeLessThan(0.15);
    expect(Math.max(...microphone.speech)).toBeGreaterThan(0.9);
    expect(summary.voicedMs).toBeGreaterThan(1_200);
    expect(summary.voicedMs).toBeLessThan(2_500);
  });
});

describe("R63 without Silero", () => {
  test.each([
    ["missing", () => SileroDetector.load("/nowhere/silero.onnx"), /does not exist/],
    ["damaged", () => SileroDetector.load(import.meta.filename), /damaged/],
    ["not installed", () => Promise.reject(new Error("Cannot find package")), /Cannot find package/],
  ])("a model that is %s: loudness decides, and why is told", async (_name, load, reason) => {
    using microphone = await Microphone.open({}, load);
    const { listener } = microphone;
    expect(await listener.call("configure", { ...defaultListening, adaptive: false })).toMatchObject({
      detector: "energy",
      reason: expect.stringMatching(reason),
    });
    const said = joined(silence(1_000), recording("who-are-you"), silence(1_000));
    const sound = mixed(said, whiteNoise(said.length, -60));
    const { summary } = await microphone.ask(sound);
    expect(types(microphone)).toEqual(["started", "paused", "ended"]);
    expect(microphone.pauses).toMatchObject([{ utteranceId: "u", samples: summary.samples }]);
    expect(summary.samples).toBeGreaterThan(audible(said, -45).last);
  });

  test("a detector that fails in the middle of a word: loudness takes over, and nothing of the word is lost", async () => {
    using told = silenced();
    using microphone = await Microphone.open({ adaptive: false }, async () => {
      const silero = await SileroDetector.load(sileroPath());
      let frames = 0;
      const judge = (frame: Float32Array): Promise<number> => {
        if (frames++ === 40) throw new Error("The native code gave up.");
        return silero.judge(frame);
      };
      return {
        name: "silero",
        judge,
        peek: (samples) => silero.peek(samples),
        [Symbol.asyncDispose]: async () => {},
      };
    });
    const said = joined(silence(1_000), words("biggest-planet"), silence(1_000));
    const { summary } = await microphone.ask(mixed(said, whiteNoise(said.length, -60)));
    expect(summary.samples).toBeGreaterThan(audible(said, -45).last);
    expect(summary.trimmedSamples).toBeGreaterThan(0);
    expect(types(microphone).at(-1)).toBe("ended");
    expect(told.lines.join(" ")).toContain("The voice detector failed");
    expect(await microphone.listener.call("configure", defaultListening)).toMatchObject({
      detector: "energy",
      reason: expect.stringContaining("gave up"),
    });
  });

  test("before anyone configured it nothing is told of voice, and no silence is taken away", async () => {
    using microphone = Microphone.unconfigured();
    const sound = joined(recording("who-are-you"), silence(1_000));
    expect((await microphone.ask(sound)).summary).toMatchObject({
      samples: sound.length,
      trimmedSamples: 0,
      voicedMs: 0,
    });
    expect(microphone.voice).toEqual([]);
    expect(new Set(microphone.speech)).toEqual(new Set([0]));
  });
});

/** What is written to the console meanwhile. */
function silenced(): Disposable & { readonly lines: readonly string[] } {
  const lines: string[] = [];
  const spy = vi.spyOn(console, "error").mockImplementation((...told) => void lines.push(told.join(" ")));
  return { lines, [Symbol.dispose]: () => spy.mockRestore() };
}
