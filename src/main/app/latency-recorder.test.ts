import { expect, test } from "vitest";
import { latencyRecordSchema, type LatencyRecord } from "../../shared/app-contract.ts";
import type { TurnEvent } from "../../shared/contract.ts";
import { ManualClock } from "../../../tests/support/manual-clock.ts";
import { latencyRecord } from "../../../tests/storage/turns.ts";
import { LatencyRecorder } from "./latency-recorder.ts";

const releasedAtMs = 5_000;
const turn = {
  turnId: "t1",
  conversationId: "c1",
  input: "voice",
  releasedAtMs,
  userAudioMs: 1200,
  voicedUntilMs: 4_900,
} as const;
const surroundings = { model: "nano", provider: "cpu", speechProvider: "cpu", dtype: "fp32", isCold: true };
const { metrics, queue } = latencyRecord("t1");
const finished: Extract<TurnEvent, { type: "turn-finished" }> = {
  type: "turn-finished",
  turnId: "t1",
  outcome: "completed",
  reply: "Paris.",
  metrics: { ...metrics, spans: [] },
  queue,
};
const heard = {
  turnId: "t1",
  playedSamples: 480,
  underruns: 0,
  firstReceivedAtMs: 5_185,
  firstHeardAtMs: 5_205,
  outputLatencyMs: 12,
};

function recorder(): { records: LatencyRecord[]; clock: ManualClock; recorder: LatencyRecorder } {
  const records: LatencyRecord[] = [];
  const clock = new ManualClock();
  return { records, clock, recorder: new LatencyRecorder(clock, (record) => records.push(record)) };
}

test("R15 a record joins the engine's times with what the player heard, in either order", () => {
  for (const order of ["player first", "engine first"]) {
    const { records, recorder: latency, clock } = recorder();
    latency.opened(turn);
    latency.audioSent("t1", 5_180);
    latency.audioSent("t1", 5_400);
    if (order === "player first") latency.played(heard);
    latency.finished(finished, surroundings);
    if (order === "engine first") latency.played(heard);
    expect(records, order).toHaveLength(1);
    expect(latencyRecordSchema.parse(records[0])).toMatchObject({
      atMs: releasedAtMs,
      isCold: true,
      keyToSoundMs: 205,
      transportMs: 5,
      outputLatencyMs: 12,
      metrics: {
        spans: [
          { name: "transport", startMs: 180, endMs: 185 },
          { name: "heard", startMs: 185, endMs: 205 },
        ],
      },
    });
    latency.played({ ...heard, ended: true });
    expect(records).toHaveLength(1);
    expect(clock.pendingTimers).toBe(0);
  }
});

test("R15 a turn that nobody heard is recorded after a grace, one without sound at once", () => {
  const { records, recorder: latency, clock } = recorder();
  latency.opened(turn);
  latency.audioSent("t1", 5_180);
  latency.finished(finished, surroundings);
  expect(records).toHaveLength(0);
  clock.advance(10_000);
  expect(records).toMatchObject([{ keyToSoundMs: null, transportMs: null }]);

  latency.opened({ ...turn, turnId: "t2" });
  latency.finished({ ...finished, turnId: "t2" }, surroundings);
  expect(records).toHaveLength(2);
  expect(clock.pendingTimers).toBe(0);
});

test("R15 closing gives what still waits; reports of unknown turns are ignored", () => {
  const { records, recorder: latency } = recorder();
  latency.played({ ...heard, turnId: "other" });
  latency.opened(turn);
  latency.audioSent("t1", 5_180);
  latency.finished(finished, surroundings);
  latency[Symbol.dispose]();
  expect(records).toHaveLength(1);
});
