import { describe, expect, test } from "vitest";
import { echoSentence, echoSweep, measureEcho, type EchoMeasurement } from "./echo-test.ts";

const RATE_HZ = 16_000;
const QUIET_MS = 500;

interface Room {
  /** From the order to play to the microphone. */
  readonly delayMs?: number;
  /** Of the direct sound. */
  readonly gainDb?: number;
  /** Time in which the reverberation falls by 60 dB; 0 for none. */
  readonly reverbMs?: number;
  readonly noiseDb?: number;
  /** A loudspeaker or microphone that cannot go beyond this. */
  readonly clipAt?: number;
  /** Something else is heard: a tone of this level while the sweep plays. */
  readonly otherDb?: number;
}

/** Park–Miller, so that every run hears the same noise. */
function randomSource(): () => number {
  let seed = 7;
  return () => {
    seed = (seed * 48_271) % 2_147_483_647;
    return (seed / 2_147_483_647) * 2 - 1;
  };
}

const factor = (db: number): number => 10 ** (db / 20);

/** What the microphone of such a room records. */
function measure(room: Room, rateHz = RATE_HZ): EchoMeasurement {
  const { delayMs = 60, gainDb = -Infinity, reverbMs = 0, noiseDb = -70, clipAt = 1, otherDb } = room;
  const sweep = echoSweep(rateHz);
  const playedFrom = (QUIET_MS / 1000) * rateHz;
  const samples = new Float32Array(playedFrom + sweep.length + rateHz);
  const random = randomSource();
  // Uniform noise has a third of the power of its peak squared.
  for (let at = 0; at < samples.length; at++) samples[at] = factor(noiseDb) * Math.sqrt(3) * random();
  const start = playedFrom + Math.round((delayMs / 1000) * rateHz);
  const taps: [number, number][] = [[0, factor(gainDb)]];
  for (let ms = 3; ms < reverbMs; ms += 5) {
    taps.push([
      Math.round((ms / 1000) * rateHz),
      factor(gainDb) * 0.5 * factor((-60 * ms) / reverbMs) * random(),
    ]);
  }
  for (const [shift, gain] of taps) {
    for (let index = 0; index < sweep.length && start + shift + index < samples.length; index++) {
      samples[start + shift + index]! += gain * sweep[index]!;
    }
  }
  for (let at = playedFrom; at < samples.length; at++) {
    if (otherDb !== undefined) {
      samples[at]! += factor(otherDb) * Math.SQRT2 * Math.sin((2 * Math.PI * 440 * at) / rateHz);
    }
    samples[at] = Math.min(clipAt, Math.max(-clipAt, samples[at]!));
  }
  return measureEcho({ samples, rateHz, playedFrom });
}

describe("measureEcho", () => {
  test.each([0, 12.5, 60, 210, 640])("R13 finds the delay of %d ms and the level behind it", (delayMs) => {
    const found = measure({ delayMs, gainDb: -30 });
    expect(found.delayMs).toBeCloseTo(delayMs, 1);
    // The sweep is played at −20 dBFS and voice counts as −26: 30 dB less than the one is 24 less than the other.
    expect(found.bleedDb).toBeCloseTo(-24, 0);
    expect(found.noiseDb).toBeCloseTo(-70, 0);
  });

  test.each<[string, Room, EchoMeasurement["duplex"]]>([
    ["headphones", { gainDb: -60 }, "full"],
    ["no echo at all", {}, "full"],
    ["echo cancellation that works", { gainDb: -42, reverbMs: 200 }, "full"],
    ["a speaker across the table", { gainDb: -24, reverbMs: 300 }, "duck"],
    ["a laptop's own speakers", { gainDb: -8, reverbMs: 250 }, "half"],
    ["speakers at full volume", { gainDb: 6 }, "half"],
    ["a loudspeaker that is overdriven", { gainDb: 20, clipAt: 0.25, reverbMs: 200 }, "half"],
    ["a quiet echo in a loud room", { gainDb: -30, noiseDb: -42 }, "full"],
  ])("R13 %s", (_, room, duplex) => {
    const found = measure(room);
    expect(found.duplex).toBe(duplex);
    expect(found.isDisturbed).toBe(false);
  });

  test("R13 an echo far below the noise is found and measured", () => {
    const found = measure({ gainDb: -38, noiseDb: -45, delayMs: 120 });
    expect(found.delayMs).toBeCloseTo(120, 1);
    expect(found.bleedDb).toBeCloseTo(-32, -1);
  });

  test("R13 reverberation counts: what comes back late is heard as well", () => {
    const dry = measure({ gainDb: -30 }).bleedDb;
    expect(measure({ gainDb: -30, reverbMs: 800 }).bleedDb).toBeGreaterThan(dry + 0.5);
  });

  test("R13 an overdriven speaker is found at its place, with the level that is left", () => {
    const found = measure({ gainDb: 10, clipAt: 0.1, delayMs: 90 });
    expect(found.delayMs).toBeCloseTo(90, 0);
    expect(found.bleedDb).toBeGreaterThan(0);
  });

  test("R13 somebody else's noise is not taken for the answer, nor for silence", () => {
    expect(measure({ otherDb: -30 })).toMatchObject({ isDisturbed: true, delayMs: null });
    expect(measure({ otherDb: -90 })).toMatchObject({ isDisturbed: false, delayMs: null, duplex: "full" });
  });

  test("R13 a microphone at another rate gives the same", () => {
    const found = measure({ gainDb: -30, delayMs: 50 }, 24_000);
    expect(found.delayMs).toBeCloseTo(50, 1);
    expect(found.bleedDb).toBeCloseTo(-24, 0);
  });
});

test("R13 the sweep starts and ends in silence and is as loud as an answer", () => {
  const sweep = echoSweep(24_000);
  expect(sweep.length).toBe(24_000);
  expect(Math.abs(sweep[0]!)).toBeLessThan(1e-6);
  expect(Math.abs(sweep.at(-1)!)).toBeLessThan(1e-3);
  const power = sweep.reduce((sum, sample) => sum + sample * sample, 0) / sweep.length;
  expect(10 * Math.log10(power)).toBeCloseTo(-20, 0);
});

test.each([
  [{ bleedDb: -38.4, duplex: "full" }, /38 dB weaker .* can listen while it speaks/],
  [{ bleedDb: -18, duplex: "duck" }, /18 dB weaker .* lowers/],
  [{ bleedDb: 4, duplex: "half" }, /4 dB louder .* only while it is silent/],
  [{ bleedDb: 0.3, duplex: "half" }, /as loud as your voice/],
] as const)("R13 says what it chose and why: %j", (result, words) => {
  expect(echoSentence(result)).toMatch(words);
});
