import { describe, expect, test } from "vitest";
import { runGrid, type Cell } from "../../bench/planner/grid.ts";

/** Real-time factor of a middling segment: synthesis of 100 characters ÷ their sound. */
const realTimeFactor = ({ scenario: { costs } }: Cell): number =>
  (costs.synthesisBaseMs + 100 * costs.synthesisMsPerCharacter) / (100 * costs.audioMsPerCharacter);

const gapsOf = (cells: readonly Cell[]): number[] =>
  cells.map(({ best, deadline }) => deadline.firstAudioMs / best.firstAudioMs - 1).toSorted((a, b) => a - b);

describe.each([0, 0.2])("R43 planner in simulation, jitter %d", (spread) => {
  const cells = runGrid(spread);
  const comfortable = cells.filter((cell) => cell.isSustainable && realTimeFactor(cell) <= 0.6);

  test("where speech is made in 0.6 of its time or less, nothing is ever late", () => {
    expect(comfortable.length).toBeGreaterThan(300);
    expect(comfortable.filter((cell) => cell.static.underruns > 0).length).toBeGreaterThan(30);
    expect(comfortable.filter(({ deadline }) => deadline.underruns > 0)).toEqual([]);
  });

  test("there the first audio is mostly within 5 % of what hindsight finds", () => {
    const gaps = gapsOf(comfortable);
    expect(gaps[gaps.length >> 1]).toBeLessThanOrEqual(0.05);
    expect(gaps.filter((gap) => gap <= 0.05).length).toBeGreaterThan(0.7 * gaps.length);
  });

  test("where speech takes longer to make than to hear, it all waits at the start, and nothing in between", () => {
    const slow = cells.filter((cell) => !cell.isSustainable);
    expect(slow.filter((cell) => cell.static.underruns > 0).length).toBeGreaterThan(50);
    expect(slow.filter(({ deadline }) => deadline.underruns > 0)).toEqual([]);
    expect(slow.some(({ deadline }) => deadline.gateMs > 1_000)).toBe(true);
  });

  test("close to the edge between the two, fewer than 3 % of the runs are late once", () => {
    const late = cells.filter(({ deadline }) => deadline.underruns > 0);
    expect(late.length).toBeLessThan(0.03 * cells.length);
  });

  test("at the demo pack's speed it starts as early as the static rules, without a gap", () => {
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
