import { readFileSync } from "node:fs";
import type { Page } from "./app-page.ts";
import { decodeWav } from "../../src/main/models/listener/wav.ts";

const RATE_HZ = 16_000;
/** What a page sends at a time: 32 ms. */
const BLOCK_SAMPLES = 512;
/** About −74 dB: a quiet room. */
const ROOM_AMPLITUDE = 2e-4;

/**
 * A page's microphone that hears what a test says, sample by sample and faster than real time: whatever follows counts
 * in its audio. Every call settles when the main side has acted on everything that was sent.
 */
export class PageMicrophone {
  readonly #page: Page;
  #seed = 1;
  /** 16 kHz samples sent so far. */
  sent = 0;

  constructor(page: Page) {
    this.#page = page;
    page.client.notify("mic.state", { state: "armed", label: "Test microphone" });
  }

  async say(samples: Float32Array): Promise<void> {
    this.send(samples);
    // A report of the level follows each 32 ms through the whole app, in order with what was found in them.
    const reports = Math.floor(this.sent / BLOCK_SAMPLES);
    await this.#page.until("level", () => this.#page.all("level").length >= reports);
  }

  /** Without waiting: for a microphone that nobody may hear. */
  send(samples: Float32Array): void {
    for (let at = 0; at < samples.length; at += BLOCK_SAMPLES) {
      const block = samples.slice(at, at + BLOCK_SAMPLES);
      this.#page.client.notify("mic.audio", { samples: block, sampleRateHz: RATE_HZ });
      this.sent += block.length;
    }
  }

  /** A quiet room. */
  hush(ms: number): Promise<void> {
    return this.say(this.noise(ms, ROOM_AMPLITUDE));
  }

  /** White noise, the same for every run. */
  noise(ms: number, amplitude: number): Float32Array {
    return Float32Array.from({ length: (ms * RATE_HZ) / 1000 }, () => {
      this.#seed = (Math.imul(this.#seed, 1_664_525) + 1_013_904_223) >>> 0;
      return (this.#seed / 2 ** 31 - 1) * amplitude;
    });
  }
}

/** A sample question, 16 kHz mono. */
export function sampleQuestion(name: string): Float32Array {
  return decodeWav(readFileSync(new URL(`../../samples/${name}.wav`, import.meta.url)), 60_000).samples;
}

/** A piece of a recording, as long as asked for: from where it first reaches a tenth of its peak, or later than that. */
export function voicedPiece(samples: Float32Array, ms: number, laterMs = 0): Float32Array {
  const peak = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
  const onset = samples.findIndex((sample) => Math.abs(sample) >= peak / 10);
  const from = onset + (laterMs * RATE_HZ) / 1000;
  return samples.slice(from, from + (ms * RATE_HZ) / 1000);
}
