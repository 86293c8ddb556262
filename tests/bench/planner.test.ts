import { describe, expect, test } from "vitest";
import { replies, runGrid, type Cell } from "../../bench/planner/grid.ts";
import { simulate } from "../../bench/planner/simulation.ts";
import { englishSentences } from "../kokoro/english-sentences.ts";

/** Real-time factor of a middling segment: synthesis of 100 characters ÷ their sound. */
const realTimeFactor = ({ scenario: { costs } }: Cell): number =>
  (costs.synthesisBaseMs + 100 * costs.synthesisMsPerCharacter) / (100 * costs.audioMsPerCharacter);

/** Five sentences each, many of them odd: abbreviations, dates, dashes, numbers. */
const others = Array.from({ length: Math.floor(englishSentences.length / 5) }, (_, i) =>
  englishSentences.slice(5 * i, 5 * i + 5).join(" "),
);

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

  test("nor close to the edge between the two", () => {
    const close = cells.filter((cell) => cell.isSustainable && realTimeFactor(cell) > 0.6);
    expect(close.filter((cell) => cell.static.underruns > 0).length).toBeGreaterThan(100);
    expect(close.filter(({ deadline }) => deadline.underruns > 0)).toEqual([]);
  });

  test("of replies that it was not tuned on fewer than 1 % are late, and none for long", () => {
    const outcomes = others.flatMap((reply) =>
      cells
        .filter(({ scenario }) => scenario.reply === replies[0])
        .map(({ scenario }) => simulate({ ...scenario, reply }, "deadline")),
    );
    expect(outcomes.length).toBeGreaterThan(3_000);
    expect(outcomes.filter(({ underruns }) => underruns > 0).length).toBeLessThan(0.01 * outcomes.length);
    expect(Math.max(...outcomes.map(({ stallMs }) => stallMs))).toBeLessThan(1_000);
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
