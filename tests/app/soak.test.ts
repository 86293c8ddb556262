import { expect, test } from "vitest";
import { readProcesses } from "../../bench/app/processes.ts";
import { soakPlan } from "../../bench/soak/plan.ts";
import { spokenQuestions } from "../../bench/soak/questions.ts";
import { soak } from "../../bench/soak/soak.ts";
import type { SoakReading } from "../../bench/soak/soak-figures.ts";
import { SoakPage } from "../../bench/soak/soak-page.ts";
import { slope } from "../../bench/app/statistics.ts";
import { percentile } from "../../src/shared/metrics.ts";
import { createPortPair } from "../../src/shared/ports/memory.ts";
import { startApp } from "../support/app-page.ts";

/** A short run finds leaks of whole recordings, caches and handles; `npm run soak` finds the small ones. */
const turns = 8;
const interruptions = 16;
/** A question of two seconds is 128 KB, its embeddings and cache are megabytes: one of them kept a step is found. */
const maxGrowthKb = 1_500;

test("R63 R46 random questions and interruptions by key and voice: none is stuck, cut wrongly, or leaks", async () => {
  const { app } = startApp(null);
  const [near, far] = createPortPair();
  app.addWindow(far, "main");
  using page = new SoakPage(near);
  await page.begin();
  const plan = soakPlan(turns, interruptions, 7);
  const readings: SoakReading[] = [];
  const result = await soak(page, plan, spokenQuestions(), (step) => {
    const processes = readProcesses(process.pid);
    if (processes) readings.push({ step, processes });
  });
  await app.dispose();

  expect(result).toEqual({
    steps: turns + interruptions,
    completed: expect.any(Number),
    interrupted: expect.any(Number),
    failed: 0,
    holds: expect.any(Number),
    problems: [],
  });
  // Every question had one turn: no voice asked twice, and no noise asked at all.
  expect(result.completed + result.interrupted).toBe(turns + interruptions);
  expect(result.holds).toBeGreaterThan(0);
  const late = readings.filter(({ step }) => step > plan.length / 2);
  for (const name of ["listener", "voxtral", "kokoro"]) {
    const of = (value: "kb" | "handles") =>
      late.map(({ step, processes }) => ({ x: step, y: processes[name]?.[value] ?? Number.NaN }));
    if (readings.length > 0) expect(kept(of("kb")), `memory of ${name}`).toBeLessThan(maxGrowthKb);
    if (readings.length > 0) expect(slope(of("handles")), `handles of ${name}`).toBeLessThanOrEqual(0.1);
  }
}, 240_000);

/**
 * What each step keeps. A leak shows in the trend and in most steps; an arena that once grew for the longest sentence so far
 * shows in the trend alone, garbage that waits for its collection in most steps alone.
 */
function kept(points: readonly { readonly x: number; readonly y: number }[]): number {
  const increases = points.slice(1).map(({ y }, i) => y - points[i]!.y);
  return Math.min(slope(points), percentile(increases, 0.5));
}
