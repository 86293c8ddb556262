import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { LISTEN_RATE_HZ } from "../../src/shared/audio.ts";
import { Resampler } from "../../src/main/models/listener/resampler.ts";
import { decodeWav } from "../../src/main/models/listener/wav.ts";

/** The recordings of `samples/`. */
export const questions = [
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
] as const;

const recordings = new URL("../../samples/", import.meta.url);

/** A recording of `samples/` as 16 kHz mono, by its name without ".wav". */
export function recording(name: string): Float32Array {
  return read(new URL(`${name}.wav`, recordings));
}

/** The same without the silence around it: from the first sample above −50 dBFS to the last. */
export function words(name: string): Float32Array {
  const samples = recording(name);
  const { first, last } = audible(samples, -50);
  return samples.slice(first, last + 1);
}

/** "Tell me about tomorrow", whispered by espeak-ng (voice en+whisper). */
export function whisper(): Float32Array {
  return read(new URL("whisper.wav", import.meta.url));
}

function read(file: URL): Float32Array {
  const { samples, rateHz } = decodeWav(readFileSync(file), 60_000);
  const resampler = new Resampler(rateHz, LISTEN_RATE_HZ);
  return joined(resampler.push(samples), resampler.tail());
}

/** One after the other. */
export function joined(...parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Silence, the first part of a question, a pause of `pauseMs`, the rest. */
export function hesitant(name: string, pauseMs: number): Float32Array {
  const said = words(name);
  const middle = Math.round(said.length / 2);
  return joined(silence(400), said.slice(0, middle), silence(pauseMs), said.slice(middle));
}

/** Short to print, and another for a single other bit. */
export function digest(...parts: readonly Float32Array[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
  return hash.digest("hex");
}

/** Digital silence. */
export function silence(ms: number): Float32Array {
  return new Float32Array(Math.round((ms / 1000) * LISTEN_RATE_HZ));
}

/** A factor for an amplitude. */
export const gain = (db: number): number => 10 ** (db / 20);

export function louder(samples: Float32Array, db: number): Float32Array {
  const factor = gain(db);
  return samples.map((sample) => sample * factor);
}

/** White noise of an RMS of `db` dBFS, the same for the same seed. */
export function whiteNoise(samples: number, db: number, seed = 1): Float32Array {
  const random = lehmer(seed);
  const noise = new Float32Array(samples);
  // The sum of three uniform numbers has a variance of a quarter: doubled, near enough to a normal distribution.
  for (let i = 0; i < samples; i++) noise[i] = 2 * gain(db) * (random() + random() + random() - 1.5);
  return noise;
}

/** A fan: brown noise that swells with its blades, over the hum of its motor. */
export function fanNoise(samples: number, db: number): Float32Array {
  let level = 0;
  const white = whiteNoise(samples, 0, 7);
  const raw = white.map((sample, i) => {
    level = 0.98 * level + sample;
    const blades = 1 + 0.4 * Math.sin((2 * Math.PI * 11 * i) / LISTEN_RATE_HZ);
    return level * blades + 4 * Math.sin((2 * Math.PI * 100 * i) / LISTEN_RATE_HZ);
  });
  return louder(raw, db - 20 * Math.log10(rms(raw)));
}

/** Plucked chords, four a second (Karplus & Strong 1983). */
export function music(samples: number, db: number): Float32Array {
  const raw = new Float32Array(samples);
  const noise = whiteNoise(LISTEN_RATE_HZ, 0, 11);
  const notesHz = [131, 165, 196, 247, 220, 330];
  for (let start = 0, beat = 0; start < samples; start += LISTEN_RATE_HZ / 4, beat++) {
    for (const noteHz of [notesHz[beat % 6]!, notesHz[(beat + 2) % 6]!]) {
      const period = Math.round(LISTEN_RATE_HZ / noteHz);
      const string = noise.slice(0, period);
      for (let i = 0; i < LISTEN_RATE_HZ && start + i < samples; i++) {
        const value = string[i % period]!;
        raw[start + i] = raw[start + i]! + value;
        string[i % period] = 0.498 * (value + string[(i + 1) % period]!);
      }
    }
  }
  return louder(raw, db - 20 * Math.log10(rms(raw)));
}

/** Both at once; as long as `samples`. */
export function mixed(samples: Float32Array, noise: Float32Array): Float32Array {
  return samples.map((sample, i) => Math.max(-1, Math.min(1, sample + (noise[i] ?? 0))));
}

export function rms(samples: Float32Array): number {
  return Math.sqrt(samples.reduce((sum, sample) => sum + sample ** 2, 0) / samples.length);
}

/** First and last sample that is louder than `db` dBFS. */
export function audible(
  samples: Float32Array,
  db: number,
): { readonly first: number; readonly last: number } {
  const level = gain(db);
  const isLoud = (sample: number): boolean => Math.abs(sample) > level;
  return { first: samples.findIndex(isLoud), last: samples.findLastIndex(isLoud) };
}

/** Park & Miller's generator ("minimal standard", 1988): uniform in (0, 1). */
function lehmer(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
