import { describe, expect, test } from "vitest";
import { runGrid } from "../../bench/planner/grid.ts";

describe.each([0, 0.2])("R43 planner in simulation, jitter %d", (spread) => {
  const cells = runGrid(spread);
  const starveFree = cells.filter(({ best }) => best.isStarveFree);

  test("where a starve-free plan exists, fewer than 2 % of the runs starve", () => {
    const starved = starveFree.filter(({ deadline }) => deadline.underruns > 0);
    const before = starveFree.filter((cell) => cell.static.underruns > 0);
    expect(before.length).toBeGreaterThan(100);
    expect(starved.length).toBeLessThan(0.02 * starveFree.length);
  });

  test("the median first audio is within 5 % of what hindsight finds", () => {
    const gaps = starveFree
      .map(({ best, deadline }) => deadline.firstAudioMs / best.firstAudioMs - 1)
      .toSorted((a, b) => a - b);
    expect(gaps[Math.floor(gaps.length / 2)]).toBeLessThanOrEqual(0.05);
  });

  test("on the demo pack's speed it starts as early as the static rules, without a gap", () => {
    const fast = cells.filter(({ scenario: { costs } }) => {
      return costs.msPerToken === 3 && costs.synthesisBaseMs === 20 && costs.synthesisMsPerCharacter === 1;
    });
    expect(fast.length).toBeGreaterThan(0);
    for (const { deadline, static: before } of fast) {
      expect(deadline.underruns).toBe(0);
      expect(deadline.firstAudioMs).toBeLessThanOrEqual(before.firstAudioMs + 1e-6);
    }
  });
});
