import { describe, expect, test } from "vitest";
import { Microphone } from "../../../../tests/support/microphone.ts";
import {
  audible,
  fanNoise,
  joined,
  louder,
  mixed,
  music,
  recording,
  silence,
  whisper,
  whiteNoise,
  words,
} from "../../../../tests/support/speech.ts";

describe("R42 nothing that was said is cut off", () => {
  const rest = silence(1_000);

  test.each([0, 0.05])("a last word 35 dB quieter than the others, on an offset of %d", async (offset) => {
    using microphone = await Microphone.open();
    const quiet = louder(words("who-are-you").slice(0, 8_000), -35);
    const said = joined(silence(1_000), words("tell-me-a-joke"), silence(250), quiet, rest);
    const { summary } = await microphone.ask(
      mixed(
        said,
        whiteNoise(said.length, -72).map((sample) => sample + offset),
      ),
    );
    expect(summary.samples).toBeGreaterThan(audible(said, -62).last);
    expect(summary.trimmedSamples).toBeGreaterThan(8_000);
  });

  test("the burst after a long closure", async () => {
    using microphone = await Microphone.open();
    const burst = mixed(whiteNoise(240, -35), new Float32Array(240));
    const { last } = audible(recording("another-one-please"), -40);
    const said = joined(
      silence(1_000),
      recording("another-one-please").slice(0, last),
      silence(240),
      burst,
      rest,
    );
    const { summary } = await microphone.ask(mixed(said, whiteNoise(said.length, -70)));
    expect(summary.samples).toBeGreaterThanOrEqual(said.length - rest.length);
    expect(summary.trimmedSamples).toBeGreaterThan(8_000);
  });

  test.each([0, -15])("a whisper, %d dB", async (db) => {
    using microphone = await Microphone.open();
    const said = joined(silence(1_000), louder(whisper(), db), rest);
    const { summary } = await microphone.ask(mixed(said, whiteNoise(said.length, -68)));
    expect(summary.samples).toBeGreaterThan(audible(said, -45 + db).last);
  });

  test.each([
    ["a fan", fanNoise, -38],
    ["music", music, -35],
    ["white noise", whiteNoise, -38],
  ])("words in %s", async (_name, noise, db) => {
    for (const name of ["tell-me-a-story", "biggest-planet", "days-of-the-week"]) {
      using microphone = await Microphone.open();
      const said = joined(silence(2_000), recording(name), rest);
      const { summary } = await microphone.ask(mixed(said, noise(said.length, db)));
      expect(summary.samples).toBeGreaterThan(audible(said, db + 12).last);
    }
  });

  test("what no detector takes for voice is kept whole: better silence too much than a word too few", async () => {
    using microphone = await Microphone.open();
    const { summary } = await microphone.ask(whiteNoise(40_000, -30));
    expect(summary).toMatchObject({ samples: 40_000, trimmedSamples: 0, voicedMs: 0 });
  });

  test.each([8, 15, 25, 40, 60, 100, 200])("a word that has gone on for %d ms at the end", async (ms) => {
    using microphone = await Microphone.open();
    for (const [name, next] of [
      ["who-are-you", "private"],
      ["tell-me-a-joke", "capital-of-france"],
    ] as const) {
      const said = joined(words(name), silence(600), words(next).slice(0, ms * 16));
      const sound = mixed(said, whiteNoise(said.length, -75));
      await microphone.begin(name);
      await microphone.hear(sound);
      expect(await microphone.end(name)).toMatchObject({ samples: sound.length, trimmedSamples: 0 });
      await microphone.hear(silence(1_600));
    }
  });
});
