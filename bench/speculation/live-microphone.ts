import { setTimeout as delay } from "node:timers/promises";
import { LISTEN_RATE_HZ } from "../../src/shared/audio.ts";
import { captureBlockSamples } from "../../src/renderer/audio/capture-blocks.ts";
import type { Engine } from "../../src/main/models/engine.ts";

/** As a page cuts them. */
const BLOCK_SAMPLES = captureBlockSamples(LISTEN_RATE_HZ);

/** Plays `sound` (16 kHz mono) into the listener as a microphone would: a block when its time has come. */
export async function speak(engine: Engine, sound: Float32Array): Promise<void> {
  const startMs = performance.now();
  for (let at = 0; at < sound.length; at += BLOCK_SAMPLES) {
    const dueMs = startMs + (Math.min(at + BLOCK_SAMPLES, sound.length) / LISTEN_RATE_HZ) * 1000;
    await delay(Math.max(0, dueMs - performance.now()));
    engine.listener.notify("push", {
      samples: sound.slice(at, at + BLOCK_SAMPLES),
      sampleRateHz: LISTEN_RATE_HZ,
    });
  }
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

export function silence(ms: number): Float32Array {
  return new Float32Array(Math.round((ms / 1000) * LISTEN_RATE_HZ));
}

/** Amplitude below which a recording's edges count as silence: −50 dBFS. */
const AUDIBLE = 10 ** (-50 / 20);

/** A recording without the silence around its words. */
export function trimmed(samples: Float32Array): Float32Array {
  const first = samples.findIndex((sample) => Math.abs(sample) > AUDIBLE);
  const last = samples.findLastIndex((sample) => Math.abs(sample) > AUDIBLE);
  return samples.slice(first, last + 1);
}

/** The loudest `ms` of a recording: surely voice, from its first sample on. */
export function loudest(samples: Float32Array, ms: number): Float32Array {
  const length = Math.round((ms / 1000) * LISTEN_RATE_HZ);
  const step = LISTEN_RATE_HZ / 100;
  let best = 0;
  let bestEnergy = -1;
  for (let at = 0; at + length <= samples.length; at += step) {
    let energy = 0;
    for (let i = at; i < at + length; i++) energy += samples[i]! * samples[i]!;
    if (energy > bestEnergy) [best, bestEnergy] = [at, energy];
  }
  return samples.slice(best, best + length);
}
