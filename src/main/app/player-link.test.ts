import { expect, test } from "vitest";
import type { PlayerAudio } from "../../shared/app-contract.ts";
import { ManualClock } from "../../../tests/support/manual-clock.ts";
import { PlayerLink } from "./player-link.ts";

const main = { id: 1, view: "main" } as const;
const reloaded = { id: 2, view: "main" } as const;
const overlay = { id: 9, view: "overlay" } as const;

function audio(index: number): PlayerAudio {
  return {
    conversationId: "c",
    turnId: "t",
    chunkId: `t-${index}`,
    index,
    voice: "af_heart",
    textSource: "hello",
    sampleRate: 24_000,
    startSample: index * 100,
    pcm: new Float32Array(100),
    words: [],
    replyStart: 0,
    replyEnd: 5,
    sentAtMs: 0,
  };
}

const report = (playedSamples: number) => ({ turnId: "t", playedSamples, underruns: 0 });

function opened(hasMain = true) {
  const clock = new ManualClock();
  const sent: [number, number][] = [];
  const events: [string, unknown][] = [];
  const played: number[] = [];
  const orphaned: string[] = [];
  const windows = {
    hasMain,
    emit: (event: string, value: unknown) => void events.push([event, value]),
    emitAudio: ({ startSample, pcm }: PlayerAudio) => void sent.push([startSample, pcm.length]),
  };
  const link = new PlayerLink({
    windows,
    clock,
    onPlayed: (_turnId, samples) => played.push(samples),
    onOrphaned: (turnId) => orphaned.push(turnId),
  });
  return { link, windows, clock, sent, events, played, orphaned };
}

test("R4 only the window that reported first is listened to, never the overlay, never beyond what was sent", () => {
  const { link, played } = opened();
  link.send(audio(0));
  link.report(overlay, report(90));
  link.report(main, report(50));
  link.report(reloaded, report(80));
  link.report(main, report(5000));
  expect(played).toEqual([50, 100]);
});

test("R14 a window reloaded mid-reply goes on where it was, also with what comes later", () => {
  const { link, windows, clock, sent, events, played, orphaned } = opened();
  link.send(audio(0));
  link.send(audio(1));
  link.report(main, report(150));
  windows.hasMain = false;
  link.closed(main);
  link.send(audio(2));
  windows.hasMain = true;
  sent.length = 0;
  link.greeted(reloaded);
  link.send(audio(3));
  link.end("t", 400);
  expect(sent).toEqual([
    [0, 50],
    [50, 100],
    [150, 100],
  ]);
  expect(events).toEqual([["audio.end", { turnId: "t", samples: 250 }]]);
  link.report(main, report(160));
  link.report(reloaded, report(250));
  expect(played).toEqual([150, 400]);
  clock.advance(60_000);
  expect(orphaned).toEqual([]);
});

test("R62 speech that no window comes back for is given up after the grace", () => {
  const { link, windows, clock, orphaned } = opened();
  link.send(audio(0));
  link.report(main, report(10));
  windows.hasMain = false;
  link.closed(main);
  clock.advance(7000);
  expect(orphaned).toEqual([]);
  clock.advance(2000);
  expect(orphaned).toEqual(["t"]);
  link.close("t");
  expect(clock.pendingTimers).toBe(0);
});

test("R22 a reply that begins before any window exists waits for one", () => {
  const { link, windows, sent, orphaned, clock } = opened(false);
  link.send(audio(0));
  windows.hasMain = true;
  sent.length = 0;
  link.greeted(main);
  expect(sent).toEqual([[0, 100]]);
  link.report(main, report(100));
  clock.advance(60_000);
  expect(orphaned).toEqual([]);
});
