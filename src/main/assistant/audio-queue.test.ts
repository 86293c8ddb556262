import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { AudioChunk } from "../../shared/audio.ts";
import { queueStatsSchema } from "../../shared/contract.ts";
import { ManualClock } from "../../../tests/support/manual-clock.ts";
import { AudioQueue, emptyStats, type PlayerSink } from "./audio-queue.ts";

const SECOND = 24_000;

function chunk(turnId: string, index: number, shape: { voice?: string; samples?: number } = {}): AudioChunk {
  const samples = shape.samples ?? SECOND;
  return {
    chunkId: `${turnId}-${index}`,
    conversationId: "c",
    turnId,
    index,
    voice: shape.voice ?? "af_heart",
    textSource: `chunk ${index}`,
    sampleRateHz: SECOND,
    pcm: new Float32Array(samples),
    startSample: index * samples,
    words: [],
  };
}

/** A sink whose sends wait until the test lets them through, or go through at once. */
function recordingSink(options: { isManual?: boolean; failsAt?: number } = {}) {
  const log: string[] = [];
  const waiting: (() => void)[] = [];
  let sends = 0;
  const sink: PlayerSink = {
    async send({ chunkId }) {
      log.push(`begin ${chunkId}`);
      if (++sends === options.failsAt) throw new Error("the page is gone");
      if (options.isManual) await new Promise<void>((resolve) => waiting.push(resolve));
      log.push(`done ${chunkId}`);
    },
    end: (turnId, samples) => void log.push(`end ${turnId} ${samples}`),
    stop: (turnId) => void log.push(`stop ${turnId}`),
  };
  const sent = () => log.filter((line) => line.startsWith("done ")).map((line) => line.slice(5));
  return { sink, log, sent, let: () => waiting.shift()?.() };
}

/** All microtasks that are due. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Whether a promise has settled by now. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  const marker = Symbol("pending");
  await settled();
  return (await Promise.race([promise, Promise.resolve(marker)])) !== marker;
}

describe("R4 audio queue", () => {
  test("sends strictly in order, never two at once", async () => {
    const player = recordingSink({ isManual: true });
    const queue = new AudioQueue({ sink: player.sink, clock: new ManualClock() });
    queue.startTurn("t", "af_heart");
    for (const index of [0, 1, 2]) queue.enqueue(chunk("t", index));
    expect(player.log).toEqual(["begin t-0"]);
    for (let i = 0; i < 3; i++) {
      player.let();
      await settled();
    }
    expect(player.log).toEqual(["begin t-0", "done t-0", "begin t-1", "done t-1", "begin t-2", "done t-2"]);
  });

  test("runs ahead of the player only as far as its credit, and goes on with each acknowledgement", async () => {
    const player = recordingSink();
    const queue = new AudioQueue({ sink: player.sink, clock: new ManualClock(), aheadMs: 1500 });
    queue.startTurn("t", "af_heart");
    for (let index = 0; index < 5; index++) queue.enqueue(chunk("t", index));
    await settled();
    expect(player.sent()).toEqual(["t-0", "t-1"]);
    queue.acknowledge("t", SECOND * 0.4);
    await settled();
    expect(player.sent()).toHaveLength(2);
    queue.acknowledge("t", SECOND);
    await settled();
    expect(player.sent()).toEqual(["t-0", "t-1", "t-2"]);
  });

  test("a chunk longer than the credit is still sent", async () => {
    const player = recordingSink();
    const queue = new AudioQueue({ sink: player.sink, clock: new ManualClock(), aheadMs: 10 });
    queue.startTurn("t", "af_heart");
    queue.enqueue(chunk("t", 0));
    await settled();
    expect(player.sent()).toEqual(["t-0"]);
  });

  test("finishes when everything was played, and says the end once", async () => {
    const player = recordingSink();
    const queue = new AudioQueue({ sink: player.sink, clock: new ManualClock() });
    queue.startTurn("t", "af_heart");
    queue.enqueue(chunk("t", 0));
    queue.enqueue(chunk("t", 1));
    const finished = queue.finish("t");
    await settled();
    for (const played of [100, 5_000, SECOND, 2 * SECOND - 1]) queue.acknowledge("t", played);
    expect(await isSettled(finished)).toBe(false);
    queue.acknowledge("t", 2 * SECOND);
    expect(await isSettled(finished)).toBe(true);
    queue.startTurn("u", "af_heart");
    expect(player.log.filter((line) => !/begin|done/.test(line))).toEqual([`end t ${2 * SECOND}`]);
  });

  test("a turn without speech ends at once", async () => {
    const player = recordingSink();
    const queue = new AudioQueue({ sink: player.sink, clock: new ManualClock() });
    queue.startTurn("t", "af_heart");
    expect(await isSettled(queue.finish("t"))).toBe(true);
    expect(player.log).toEqual(["end t 0"]);
  });

  test("one voice a turn: another one is refused and counted, the turn goes on", async () => {
    const player = recordingSink();
    const queue = new AudioQueue({ sink: player.sink, clock: new ManualClock() });
    queue.startTurn("t", "af_heart");
    queue.enqueue(chunk("t", 0));
    expect(() => queue.enqueue(chunk("t", 1, { voice: "am_adam" }))).toThrow(/am_adam/);
    queue.enqueue(chunk("t", 1));
    await settled();
    expect(player.sent()).toEqual(["t-0", "t-1"]);
    expect(queue.stats("t")).toMatchObject({
      voice: "af_heart",
      voiceConsistent: false,
      droppedChunks: 1,
      chunks: 2,
    });
  });

  test("interruption: silence, nothing more is sent, and what was heard is known", async () => {
    const player = recordingSink({ isManual: true });
    const queue = new AudioQueue({ sink: player.sink, clock: new ManualClock() });
    queue.startTurn("t", "af_heart");
    for (const index of [0, 1, 2]) queue.enqueue(chunk("t", index));
    player.let();
    await settled();
    queue.acknowledge("t", 9_000);
    const finished = queue.finish("t");
    expect(queue.interrupt("t").playedSamples).toBe(9_000);
    player.let();
    expect(await isSettled(finished)).toBe(true);
    expect(player.log).toEqual(["begin t-0", "done t-0", "begin t-1", "stop t", "done t-1"]);
    expect(queue.enqueue(chunk("t", 3))).toBe(false);
    expect(queue.stats("t")).toMatchObject({
      chunks: 3,
      sentChunks: 2,
      droppedChunks: 2,
      playedSamples: 9_000,
    });
  });

  test("what belongs to another turn is dropped", async () => {
    const player = recordingSink();
    const queue = new AudioQueue({ sink: player.sink, clock: new ManualClock() });
    queue.startTurn("old", "af_heart");
    queue.enqueue(chunk("old", 0));
    await settled();
    queue.startTurn("new", "af_heart");
    expect(queue.enqueue(chunk("old", 1))).toBe(false);
    queue.acknowledge("old", SECOND);
    expect(await isSettled(queue.finish("old"))).toBe(true);
    queue.enqueue(chunk("new", 0));
    await settled();
    expect(player.sent()).toEqual(["old-0", "new-0"]);
    expect(player.log).toContain("stop old");
    expect(queue.stats("new")).toMatchObject({ sentChunks: 1, playedSamples: 0 });
    expect(queue.stats("old")).toEqual(emptyStats());
  });

  test("an acknowledgement never goes back and never passes what was sent", async () => {
    const player = recordingSink();
    const queue = new AudioQueue({ sink: player.sink, clock: new ManualClock() });
    queue.startTurn("t", "af_heart");
    queue.enqueue(chunk("t", 0));
    await settled();
    queue.acknowledge("t", 12_000, 1);
    queue.acknowledge("t", 600, 0);
    expect(queue.stats("t")).toMatchObject({ playedSamples: 12_000, underruns: 1 });
    queue.acknowledge("t", 10 * SECOND);
    expect(queue.stats("t").playedSamples).toBe(SECOND);
  });

  test("queue and send latency are measured on the clock", async () => {
    const clock = new ManualClock();
    const player = recordingSink({ isManual: true });
    const queue = new AudioQueue({ sink: player.sink, clock });
    queue.startTurn("t", "af_heart");
    queue.enqueue(chunk("t", 0));
    queue.enqueue(chunk("t", 1));
    clock.advance(30);
    player.let();
    await settled();
    clock.advance(12);
    player.let();
    await settled();
    const stats = queue.stats("t");
    expect(stats.sendLatencyMs).toEqual({ p50: 12, max: 30 });
    expect(stats.queueLatencyMs).toEqual({ p50: 0, max: 30 });
    expect(queueStatsSchema.parse(stats)).toEqual(stats);
  });

  test("R62 a player that is gone ends the speech of the turn, not the turn", async () => {
    const player = recordingSink({ failsAt: 2 });
    const queue = new AudioQueue({ sink: player.sink, clock: new ManualClock() });
    queue.startTurn("t", "af_heart");
    for (const index of [0, 1, 2]) queue.enqueue(chunk("t", index));
    await settled();
    expect(player.sent()).toEqual(["t-0"]);
    expect(await isSettled(queue.finish("t"))).toBe(true);
    expect(queue.stats("t").droppedChunks).toBe(2);
  });

  test("R63 10 000 operations: chunks arrive in order, nothing of an old turn, and stats stay sound", async () => {
    const operation = fc.constantFrom(
      "start",
      "enqueue",
      "enqueue",
      "enqueue",
      "ack",
      "late",
      "finish",
      "interrupt",
    );
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { minLength: 500, maxLength: 500 }), async (operations) => {
        const player = recordingSink();
        const queue = new AudioQueue({ sink: player.sink, clock: new ManualClock(), aheadMs: 2_500 });
        let turn = 0;
        let index = 0;
        let played = 0;
        queue.startTurn("0", "af_heart");
        for (const [step, name] of operations.entries()) {
          const turnId = String(turn);
          if (name === "start") {
            queue.startTurn(String(++turn), "af_heart");
            index = played = 0;
          } else if (name === "enqueue") queue.enqueue(chunk(turnId, index++, { samples: 600 }));
          else if (name === "ack") queue.acknowledge(turnId, (played += 400));
          else if (name === "late") queue.enqueue(chunk(String(turn - 1), 99));
          else if (name === "finish") void queue.finish(turnId);
          else queue.interrupt(turnId);
          if (step % 7 === 0) await settled();
        }
        await settled();
        const stats = queueStatsSchema.parse(queue.stats(String(turn)));
        expect(stats.sentChunks).toBeLessThanOrEqual(stats.chunks);
        expect(stats.playedSamples).toBeLessThanOrEqual(stats.samples);
        const places = player.sent().map((id) => id.split("-").map(Number));
        for (const [at, [turnOf, indexOf]] of places.entries()) {
          const [turnBefore, indexBefore] = places[at - 1] ?? [-1, -1];
          expect(turnOf! > turnBefore! || (turnOf === turnBefore && indexOf! > indexBefore!)).toBe(true);
        }
        expect(places.some(([, indexOf]) => indexOf === 99)).toBe(false);
      }),
      { numRuns: 20 },
    );
  });
});
