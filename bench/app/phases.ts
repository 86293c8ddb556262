import { setTimeout as delay } from "node:timers/promises";
import { captureBlockSamples } from "../../src/renderer/audio/capture-blocks.ts";
import { systemClock } from "../../src/shared/clock.ts";
import type { LoopDelay } from "./readings.ts";
import type { Host } from "./host.ts";
import type { BenchPage, ChunkTransport } from "./page.ts";
import type { MemorySample } from "./statistics.ts";

const RATE_HZ = 16_000;
/** As the page cuts them. */
const BLOCK_SAMPLES = captureBlockSamples(RATE_HZ);
/** The listener's probe writes at most this much later. */
const PROBE_SETTLES_MS = 500;
/** Long conversations cost memory by right, so none may grow long while leaks are looked for. */
const TURNS_PER_CONVERSATION = 20;

/** Sends blocks of microphone audio in real time; answers with each one's way to the listener in milliseconds. */
export async function measureCapture(host: Host, page: BenchPage, blocks: number): Promise<number[]> {
  page.client.notify("mic.state", { state: "armed", label: "benchmark" });
  const sentMs = new Map<number, number>();
  for (let i = 1; i <= blocks; i++) {
    // A power of two below one, so that Float32 holds the mark exactly.
    const mark = i / 65_536;
    sentMs.set(mark, systemClock.nowMs());
    page.client.notify("mic.audio", {
      samples: new Float32Array(BLOCK_SAMPLES).fill(mark),
      sampleRateHz: RATE_HZ,
    });
    await delay((BLOCK_SAMPLES / RATE_HZ) * 1000);
  }
  await delay(PROBE_SETTLES_MS);
  page.client.notify("mic.state", { state: "off", label: "" });
  return host.arrivals().flatMap(({ first, atMs }) => {
    const sent = sentMs.get(first);
    return sent === undefined ? [] : [atMs - sent];
  });
}

export interface Replies {
  /** The way of each chunk of speech from main to the page, in milliseconds. */
  readonly chunksMs: readonly number[];
  readonly firstAudioMs: readonly number[];
  /** Of main's event loop, of each reply. */
  readonly loop: readonly LoopDelay[];
}

/** Asks the recorded questions in turn, `count` in all, after one that warms up. */
export async function measureReplies(host: Host, page: BenchPage, count: number): Promise<Replies> {
  const { samples } = await page.client.call("hello", {});
  const firstAudioMs: number[] = [];
  const loop: LoopDelay[] = [];
  const ask = (i: number) =>
    page.answer(page.client.call("ask.sample", { sampleId: samples[i % samples.length]!.id }));
  await ask(0);
  page.chunks.length = 0;
  for (let i = 0; i < count; i++) {
    await host.loopDelay();
    const { metrics } = await ask(i);
    loop.push(await host.loopDelay());
    firstAudioMs.push(metrics.firstAudioMs ?? Number.NaN);
  }
  const way = ({ sentAtMs, receivedAtMs }: ChunkTransport): number => receivedAtMs - sentAtMs;
  return { chunksMs: page.chunks.map(way), firstAudioMs, loop };
}

/** Asks `turns` typed questions and weighs the processes every `every` turns; empty where that cannot be done. */
export async function measureMemory(
  host: Host,
  page: BenchPage,
  turns: number,
  every: number,
  onProgress: (turn: number) => void,
): Promise<MemorySample[]> {
  const { samples } = await page.client.call("hello", {});
  const memory: MemorySample[] = [];
  for (let turn = 1; turn <= turns; turn++) {
    if (turn % TURNS_PER_CONVERSATION === 1) await page.client.call("conversations.create", {});
    const { question } = samples[turn % samples.length]!;
    await page.answer(page.client.call("ask.text", { text: question }));
    page.chunks.length = 0;
    if (turn % every > 0) continue;
    const kb = host.memoryKb();
    if (kb !== null) memory.push({ turn, kb });
    onProgress(turn);
  }
  return memory;
}
