import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Microphone, type Heard } from "../../../../tests/support/microphone.ts";
import {
  audible,
  digest,
  hesitant,
  joined,
  mixed,
  questions,
  recording,
  silence,
  whiteNoise,
  words,
} from "../../../../tests/support/speech.ts";
import type { MelBlock } from "../services.ts";
import { EnergyDetector } from "./vad.ts";

/** What belongs to the utterance, with nothing of what was sent ahead. */
const real = (blocks: readonly MelBlock[]): MelBlock[] => blocks.filter((block) => !block.provisional);
const melDigest = (blocks: readonly MelBlock[]): string => digest(...blocks.map((block) => block.data));

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
      const { summary, audio } = await microphone.ask(sound);

      const paused = microphone.pauses.at(-1)!;
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
    for (let waitMs = 0; waitMs <= 600; waitMs += 60) {
      using microphone = await Microphone.open();
      const { summary } = await microphone.ask(joined(said, silence(waitMs)));
      expect(summary.samples).toBeGreaterThanOrEqual(said.length);
      const paused = microphone.pauses.at(-1);
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
    const { audio } = await trimmed.ask(sound);
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
    expect(microphone.pauses).toMatchObject([{ utteranceId: null, samples: 0 }]);
    expect(await microphone.end()).toMatchObject({ samples: sound.length, trimmedSamples: 0 });
  });
});

describe("R42 events come in an order that can be relied on", () => {
  test("the end is sent ahead right before `paused`, and no mel follows until `resumed` or the end", async () => {
    using microphone = await Microphone.open();
    await microphone.ask(joined(hesitant("five-plus-six", 400), silence(400)));
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
      const { summary } = await microphone.ask(sound, lengths);
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

type Step = { readonly op: "push" | "begin" | "end" | "hint" | "discard"; readonly samples: number };

/** A listener and what it was given, to compare with what it made of it. */
class Session {
  readonly #microphone: Microphone;
  readonly #said: Float32Array;
  #stream = new Float32Array(0);
  #open: { readonly id: string; readonly from: number } | null = null;
  #begun = 0;
  /** How often an utterance ended in a pause that had been told. */
  endsInPauses = 0;

  constructor(microphone: Microphone, said: Float32Array) {
    this.#microphone = microphone;
    this.#said = said;
  }

  async take({ op, samples }: Step): Promise<void> {
    const { listener } = this.#microphone;
    if (op === "push") return this.#push(samples);
    if (op === "begin") {
      this.#open = { id: `u${this.#begun++}`, from: Math.max(0, this.#stream.length - samples) };
      return this.#microphone.begin(this.#open.id, this.#open.from);
    }
    const open = this.#open;
    if (!open || open.from >= this.#stream.length) return;
    if (op === "hint") return listener.notify("hint", { utteranceId: open.id, completeness: 1 });
    this.#open = null;
    if (op === "end") return this.#end(open.id, open.from);
    await listener.call("end", { utteranceId: open.id, discard: true });
  }

  async #push(samples: number): Promise<void> {
    const at = this.#stream.length % this.#said.length;
    const block = this.#said.slice(at, at + samples);
    await this.#microphone.hear(block);
    this.#stream = new Float32Array([...this.#stream, ...block]);
  }

  async #end(id: string, from: number): Promise<void> {
    const { listener, voice } = this.#microphone;
    const told = voice.findLast(({ type }) => type === "resumed" || type === "paused");
    const { samples, trimmedSamples } = await this.#microphone.end(id);
    // A last, incomplete frame that is loud again voids the pause at the last moment.
    if (told?.type === "paused" && told.utteranceId === id && trimmedSamples > 0) {
      expect(samples).toBe(told.samples);
      this.endsInPauses++;
    }
    expect(samples + trimmedSamples).toBe(this.#stream.length - from);
    const audio = await listener.call("audio", { utteranceId: id });
    expect(digest(audio)).toBe(digest(this.#stream.slice(from, from + samples)));
    const mel = real(this.#microphone.mel).filter((block) => block.utteranceId === id);
    expect(mel.at(-1)?.final).toEqual({ samples });
    let frames = 0;
    for (const block of mel) {
      expect(block.startFrame).toBe(frames);
      frames += block.frames;
    }
  }
}

test("R42 whatever is begun, hinted, ended and dropped meanwhile: an utterance is one piece of the stream", async () => {
  const said = joined(
    silence(300),
    hesitant("biggest-planet", 300),
    silence(700),
    words("who-are-you"),
    silence(400),
  );
  const step = (op: Step["op"], max: number) =>
    fc.integer({ min: 1, max }).map((samples) => ({ op, samples }));
  const steps = fc.oneof(
    { weight: 8, arbitrary: step("push", 9_000) },
    { weight: 2, arbitrary: step("begin", 20_000) },
    { weight: 2, arbitrary: step("end", 1) },
    {
      weight: 1,
      arbitrary: fc.constantFrom("hint" as const, "discard" as const).map((op) => ({ op, samples: 0 })),
    },
  );
  let endsInPauses = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(steps, { minLength: 10, maxLength: 60 }), async (taken) => {
      // Loudness as the detector: as causal as Silero, and a hundred runs take seconds.
      using microphone = await Microphone.open({}, async () => new EnergyDetector());
      const session = new Session(microphone, said);
      for (const each of taken) await session.take(each);
      endsInPauses += session.endsInPauses;
    }),
    { numRuns: 100 },
  );
  expect(endsInPauses).toBeGreaterThan(5);
});
