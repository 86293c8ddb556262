import { parseArgs } from "node:util";
import { percentile } from "../src/shared/metrics.ts";
import { runGrid, type Cell } from "./planner/grid.ts";

/**
 * The speech planner in simulation, with and without jitter, against the best plan that hindsight finds and against the
 * static rules: `npm run bench:planner -- [--json]`. Gaps are shares of the optimum's first audio.
 */
const { values } = parseArgs({ options: { json: { type: "boolean", default: false } } });

const runs = [0, 0.2].flatMap((jitter) => {
  const cells = runGrid(jitter);
  return [true, false].flatMap((isSustainable) =>
    (["deadline", "static"] as const).map((planner) => {
      const chosen = cells.filter((cell) => cell.isSustainable === isSustainable);
      return { jitter, isSustainable, planner, figures: summary(chosen, planner) };
    }),
  );
});
if (values.json) console.log(JSON.stringify(runs, null, 2));
else console.table(runs.map(({ figures: shares, ...run }) => Object.assign(run, shares)));

function summary(cells: readonly Cell[], planner: "deadline" | "static") {
  const gaps = cells.map((cell) => cell[planner].firstAudioMs / cell.best.firstAudioMs - 1);
  return {
    runs: cells.length,
    runsWithUnderruns: cells.filter((cell) => cell[planner].underruns > 0).length,
    longestStallMs: Math.round(Math.max(...cells.map((cell) => cell[planner].stallMs))),
    gapP50: round(percentile(gaps, 0.5)),
    gapP95: round(percentile(gaps, 0.95)),
    gapMax: round(Math.max(...gaps)),
    within5Percent: gaps.filter((gap) => gap <= 0.05).length,
  };
}

function round(share: number): number {
  return Math.round(share * 1_000) / 1_000;
}
