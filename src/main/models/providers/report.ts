import type { RealProvider } from "../services.ts";
import { costOf } from "./outcome.ts";
import type { Outcome } from "./outcome.ts";

/** Where each graph of a model goes. */
export type Placement = Readonly<Record<string, RealProvider>>;

/** The fastest provider of each graph among those that work; the CPU where none does. */
export function fastest(graphs: readonly string[], outcomes: readonly Outcome[]): Placement {
  const working = outcomes.filter(({ verdict }) => verdict === "works");
  return Object.fromEntries(
    graphs.map((graph) => {
      const ranked = working
        .flatMap(({ provider, costs }) => (costs[graph] ? [{ provider, ms: costOf(costs[graph]) }] : []))
        .toSorted((a, b) => a.ms - b.ms);
      return [graph, ranked[0]?.provider ?? "cpu"];
    }),
  );
}

/** Why a provider that works does not run `graph`: by how much the chosen one is faster. */
export function slowerThan(winner: Outcome | undefined, loser: Outcome, graph: string): string {
  const best = winner?.costs[graph];
  const own = loser.costs[graph];
  if (!best || !own) return "Another one was chosen.";
  const ratio = costOf(own) / costOf(best);
  return ratio < 1.05
    ? "It is no faster."
    : `It takes ${ratio < 10 ? ratio.toFixed(1) : Math.round(ratio)} times as long.`;
}
