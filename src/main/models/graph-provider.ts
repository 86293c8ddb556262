import type { LoadParams, RealProvider } from "./services.ts";

/** Where a graph of a model runs, by its name: nothing is chosen here, so `auto` is the CPU, which runs everything. */
export function graphProvider(
  { provider, graphProviders }: Pick<LoadParams, "provider" | "graphProviders">,
  graph: string,
): RealProvider {
  return graphProviders?.[graph] ?? (provider === "auto" ? "cpu" : provider);
}
