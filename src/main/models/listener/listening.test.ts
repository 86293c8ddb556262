import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Microphone, type Heard } from "../../../../tests/support/microphone.ts";
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
import { defaultListening, type MelBlock, type VoiceActivity } from "../services.ts";

const questions = [
  "another-one-please",
  "biggest-planet",
  "capital-of-france",
  "days-of-the-week",
  "five-plus-six",
  "private",
  "tell-me-a-joke",
  "tell-me-a-story",
  "what-can-you-do",
  "who-are-you",
];

type Paused = Extract<VoiceActivity, { type: "paused" }>;

const pauses = (microphone: Microphone): Paused[] =>
  microphone.voice.filter((activity) => activity.type === "paused");
const types = (microphone: Microphone): string[] => microphone.voice.map(({ type }) => type);
/** Short to print, and different for a single different bit. */
const digest = (...parts: readonly Float32Array[]): string => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
  return hash.digest("hex");
};
const melDigest = (blocks: readonly MelBlock[]): string => digest(...blocks.map((block) => block.data));
const real = (blocks: readonly MelBlock[]): MelBlock[] => blocks.filter((block) => !block.provisional);

/** The utterance "u" from the first sample of `sound` on, ended after all of it. */
async function ask(microphone: Microphone, sound: Float32Array, lengths?: readonly number[]) {
  const from = microphone.position;
  await microphone.begin();
  await microphone.hear(sound, lengths);
  const summary = await microphone.end();
  const audio = await microphone.listener.call("audio", { utteranceId: "u" });
  return { summary, audio, from };
}

/** Silence, the first part of a question, a pause of `pauseMs`, the rest. */
function hesitant(name: string, pauseMs: number): Float32Array {
  const said = words(name);
  const middle = Math.round(said.length / 2);
  return joined(silence(400), said.slice(0, middle), silence(pauseMs), said.slice(middle));
}

describe("R42 an end in a pause is exactly what was sent ahead", () => {
  const cases = questions.flatMap((name, i) =>
    [-200, -60, -45].map((noiseDb, j) => ({
      name,
      noiseDb,
      pauseMs: [50, 120, 150, 300, 450, 600][(i + j) % 6]!,
    })),
  );

  test.each(cases)(
    "$name, noise of $noiseDb dB, resumed after $pauseMs ms",
    async ({ name, noiseDb, pauseMs }) => {
      using microphone = await Microphone.open();
      const said = joined(hesitant(name, pauseMs), silence(700));
      const sound = mixed(said, whiteNoise(said.length, noiseDb));
      const { summary, audio } = await ask(microphone, sound);

      const paused = pauses(microphone).at(-1)!;
      expect(paused).toMatchObject({ utteranceId: "u", samples: summary.samples });
      const provisional = microphone.mel.findLast((block) => block.provisional)!;
      const { provisional: _, ...sentAhead } = provisional;
      expect(microphone.mel.at(-1)).toEqual(sentAhead);
      expect(digest(audio)).toBe(digest(sound.slice(0, summary.samples)));
      expect(summary.samples + summary.trimmedSamples).toBe(sound.length);
      expect(summary.samples).toBeGreaterThan(audible(said, -40).last);
      expect(summary.trimmedSamples).toBeGreaterThan(0);
    },
  );

  test("at whatever moment it is ended, everything audible is in it, and later moments change nothing", async () => {
    const said = joined(silence(300), words("biggest-planet"));
    const ends = [];
    for (let waitMs = 0; waitMs <= 600; waitMs += 45) {
      using microphone = await Microphone.open();
      const { summary } = await ask(microphone, joined(said, silence(waitMs)));
      expect(summary.samples).toBeGreaterThanOrEqual(said.length);
      const paused = pauses(microphone).at(-1);
      if (paused) expect(summary.samples).toBe(paused.samples);
      ends.push(paused?.samples);
    }
    const told = ends.filter((samples) => samples !== undefined);
    expect(told.length).toBeGreaterThan(5);
    expect(new Set(told).size).toBe(1);
  });

  test("without a pause at its end it is what it is without trimming, sample by sample and frame by frame", async () => {
    const sound = hesitant("capital-of-france", 300);
    using trimmed = await Microphone.open();
    const { audio } = await ask(trimmed, sound);
    using whole = await Microphone.open();
    await whole.listener.call("begin", { utteranceId: "u", preRollMs: 0 });
    await whole.hear(sound);
    await whole.end();
    expect(digest(audio)).toBe(digest(sound));
    expect(melDigest(real(trimmed.mel))).toBe(melDigest(whole.mel));
    expect(whole.mel.some((block) => block.provisional)).toBe(false);
  });

  test("one whose silence is kept is not told to have paused, and keeps all of it", async () => {
    using microphone = await Microphone.open();
    await microphone.listener.call("begin", { utteranceId: "u", preRollMs: 0 });
    const sound = joined(recording("who-are-you"), silence(500));
    await microphone.hear(sound);
    expect(pauses(microphone)).toMatchObject([{ utteranceId: null, samples: 0 }]);
    expect(await microphone.end()).toMatchObject({ samples: sound.length, trimmedSamples: 0 });
  });

  test("a word that begins in the last, incomplete frame is not lost", async () => {
    using microphone = await Microphone.open();
    const before = joined(words("who-are-you"), silence(600));
    const wholeFrames = before.subarray(0, before.length - (before.length % 512));
    const sound = joined(wholeFrames, words("private").slice(800, 1_200));
    const { audio } = await ask(microphone, sound);
    expect(digest(audio)).toBe(digest(sound));
  });
});

describe("R42 events come in an order that can be relied on", () => {
  test("the end is sent ahead right before `paused`, and no mel follows until `resumed` or the end", async () => {
    using microphone = await Microphone.open();
    await ask(microphone, joined(hesitant("five-plus-six", 400), silence(400)));
    const log: (string | undefined)[] = microphone.log.map((heard: Heard) => {
      if (heard.type === "voice") return heard.activity.type;
      return heard.block.provisional ? "ahead" : heard.block.final ? "final" : "mel";
    });
    let isPaused = false;
    for (const [i, what] of log.entries()) {
      if (what === "ahead") expect(log[i + 1]).toBe("paused");
      if (what === "paused") {
        expect(log[i - 1]).toBe("ahead");
        isPaused = true;
      }
      if (what === "resumed") isPaused = false;
      if (what === "mel") expect(isPaused).toBe(false);
    }
    const expected = "started ahead paused resumed ahead paused final";
    expect(log.filter((what) => what !== "mel").join(" ")).toBe(expected);
  });

  test("the next utterance begins while the one before is still being judged: neither takes from the other", async () => {
    using microphone = await Microphone.open();
    const first = joined(recording("tell-me-a-joke"), silence(300));
    const second = joined(silence(200), recording("who-are-you"), silence(400));
    await microphone.begin("first");
    microphone.push(first);
    const ended = microphone.end("first");
    const begun = microphone.begin("second");
    microphone.push(second);
    await begun;
    const { samples, trimmedSamples } = await ended;
    expect(samples + trimmedSamples).toBe(first.length);
    await microphone.hear(new Float32Array(0));
    const last = await microphone.end("second");
    expect(last.samples + last.trimmedSamples).toBe(second.length);
    expect(await microphone.listener.call("audio", { utteranceId: "first" })).toEqual(
      first.slice(0, samples),
    );
    expect(await microphone.listener.call("audio", { utteranceId: "second" })).toEqual(
      second.slice(0, last.samples),
    );
  });
});

test(
  "R42 however the microphone cuts its blocks, all that is heard is the same",
  { timeout: 120_000 },
  async () => {
    const sound = mixed(
      joined(hesitant("what-can-you-do", 260), silence(900), recording("who-are-you"), silence(300)),
      whiteNoise(120_000, -55),
    );
    const hear = async (lengths: readonly number[]) => {
      using microphone = await Microphone.open();
      const { summary } = await ask(microphone, sound, lengths);
      // What depends on when blocks arrived is left out, and how mel is cut into blocks.
      const events = microphone.voice.map((activity) => ({ ...activity, startedAtMs: 0, endedAtMs: 0 }));
      const ahead = microphone.mel.filter((block) => block.provisional).map((block) => block.final);
      const { melSpan: _, rms, ...rest } = summary;
      return { events, ahead, mel: melDigest(real(microphone.mel)), rms: Math.round(rms * 1e6), ...rest };
    };
    const expected = await hear([320]);
    expect(expected.events.length).toBeGreaterThan(5);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 40, max: 30_000 }), { minLength: 1, maxLength: 5 }),
        async (lengths) => {
          expect(await hear(lengths)).toEqual(expected);
        },
      ),
      { numRuns: 12 },
    );
  },
);

describe("R42 nothing that was said is cut off", () => {
  const rest = silence(1_000);

  test("a last word 35 dB quieter than the others", async () => {
    using microphone = await Microphone.open();
    const quiet = louder(words("who-are-you").slice(0, 8_000), -35);
    const said = joined(silence(1_000), words("tell-me-a-joke"), silence(250), quiet, rest);
    const { summary } = await ask(microphone, mixed(said, whiteNoise(said.length, -72)));
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
    const { summary } = await ask(microphone, mixed(said, whiteNoise(said.length, -70)));
    expect(summary.samples).toBeGreaterThanOrEqual(said.length - rest.length);
    expect(summary.trimmedSamples).toBeGreaterThan(8_000);
  });

  test.each([0, -15])("a whisper, %d dB", async (db) => {
    using microphone = await Microphone.open();
    const said = joined(silence(1_000), louder(whisper(), db), rest);
    const { summary } = await ask(microphone, mixed(said, whiteNoise(said.length, -68)));
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
      const { summary } = await ask(microphone, mixed(said, noise(said.length, db)));
      expect(summary.samples).toBeGreaterThan(audible(said, db + 12).last);
    }
  });

  test("what no detector takes for voice is kept whole: better silence too much than a word too few", async () => {
    using microphone = await Microphone.open();
    const { summary } = await ask(microphone, whiteNoise(40_000, -30));
    expect(summary).toMatchObject({ samples: 40_000, trimmedSamples: 0, voicedMs: 0 });
  });
});

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
    const { summary } = await ask(
      microphone,
      joined(silence(500), recording("biggest-planet"), silence(500)),
    );
    expect(Math.max(...microphone.speech.slice(0, 10))).toBeLessThan(0.15);
    expect(Math.max(...microphone.speech)).toBeGreaterThan(0.9);
    expect(summary.voicedMs).toBeGreaterThan(1_200);
    expect(summary.voicedMs).toBeLessThan(2_500);
  });
});

describe("R63 without Silero", () => {
  const missing = async (): Promise<string> => "/nowhere/silero.onnx";
  const damaged = async (): Promise<string> => import.meta.filename;

  test.each([
    ["missing", missing, /does not exist/],
    ["damaged", damaged, /damaged/],
    ["not installed", () => Promise.reject(new Error("Cannot find package")), /Cannot find package/],
  ])("a model that is %s: loudness decides, and why is told", async (_name, modelPath, reason) => {
    using microphone = await Microphone.open({}, modelPath);
    const { listener } = microphone;
    expect(await listener.call("configure", { ...defaultListening, adaptive: false })).toMatchObject({
      detector: "energy",
      reason: expect.stringMatching(reason),
    });
    const said = joined(silence(1_000), recording("who-are-you"), silence(1_000));
    const sound = mixed(said, whiteNoise(said.length, -60));
    const { summary } = await ask(microphone, sound);
    expect(types(microphone)).toEqual(["started", "paused", "ended"]);
    expect(pauses(microphone)).toMatchObject([{ utteranceId: "u", samples: summary.samples }]);
    expect(summary.samples).toBeGreaterThan(audible(said, -45).last);
  });

  test("before anyone configured it nothing is told of voice, and no silence is taken away", async () => {
    using microphone = Microphone.unconfigured();
    const sound = joined(recording("who-are-you"), silence(1_000));
    expect((await ask(microphone, sound)).summary).toMatchObject({
      samples: sound.length,
      trimmedSamples: 0,
      voicedMs: 0,
    });
    expect(microphone.voice).toEqual([]);
    expect(new Set(microphone.speech)).toEqual(new Set([0]));
  });
});
