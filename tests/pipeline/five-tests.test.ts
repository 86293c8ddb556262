import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { figures, referenceTests, type LatencyRun } from "../../src/main/cli/latency-report.ts";
import type { Engine } from "../../src/main/models/engine.ts";
import { openSession, startNano } from "../support/nano.ts";

let engine: Engine;
const runs: LatencyRun[] = [];

beforeAll(async () => {
  engine = startNano();
  await engine.ready;
  for (const voice of ["af_heart", "bm_george"]) {
    for (const input of ["01_hello", "06_story", "05_offline"]) {
      const { events } = await openSession(engine, { voice }).ask(input);
      runs.push({ input, inputMs: 0, voice, events });
    }
  }
});
afterAll(() => engine.dispose());

// Speed is a matter for `npm run latency` and the benchmark: here the four structural tests of the five, and that
// the fifth measures something.
describe("R4 the five tests of the reference pipeline, on real models", () => {
  const [, , ...structural] = [0, 1, 2, 3, 4];
  test.each(structural)("test %d holds", (index) => {
    const result = referenceTests(runs)[index]!;
    expect(result).toMatchObject({ isPassed: true });
  });

  test("tokens come one by one and first audio is measured, before the reply is complete", () => {
    for (const { events } of runs) {
      expect(events.filter((event) => event.type === "token").length).toBeGreaterThan(1);
    }
    for (const { n, p50 } of figures(runs)) {
      expect(n).toBeGreaterThanOrEqual(runs.length);
      expect(p50).toBeGreaterThan(0);
    }
  });

  test("the tests can fail", () => {
    const [good] = runs;
    const broken = (change: (event: LatencyRun["events"][number]) => LatencyRun["events"][number]) =>
      referenceTests([{ ...good!, events: good!.events.map(change) }]).map((result) => result.isPassed);
    expect(broken((event) => (event.type === "audio" ? { ...event, voice: "am_adam" } : event))[4]).toBe(
      false,
    );
    expect(broken((event) => (event.type === "audio" ? { ...event, startSample: 0 } : event))[3]).toBe(false);
    expect(broken((event) => (event.type === "token" ? { ...event, sincePreviousMs: 150 } : event))[1]).toBe(
      false,
    );
    const silent = { ...good!, events: good!.events.filter((event) => event.type !== "audio") };
    expect(referenceTests([silent])[2]!.isPassed).toBe(false);
    expect(referenceTests([]).some((result) => result.isPassed)).toBe(false);
  });
});
