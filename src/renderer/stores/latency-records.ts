import type { LatencyFilter, LatencyRecord } from "../../shared/app-contract.ts";
import type { LatencyState } from "./stores.ts";

/** The same choice as the main side's `latency.list`, for records that arrive while the dashboard is open. */
export function matchesFilter(record: LatencyRecord, filter: LatencyFilter): boolean {
  return (
    (filter.model === undefined || filter.model === record.model) &&
    (filter.provider === undefined || filter.provider === record.provider) &&
    (filter.conversationId === undefined || filter.conversationId === record.conversationId) &&
    (filter.cold === "all" || (filter.cold === "cold") === record.isCold) &&
    (filter.input === "all" || filter.input === record.input) &&
    (filter.speculation === "all" || filter.speculation === record.metrics.speculation.outcome)
  );
}

/** Newest first, one a turn; remembers every model and provider ever seen, so that filters can offer them. */
export function withRecords(state: LatencyState, records: readonly LatencyRecord[]): Partial<LatencyState> {
  const union = (known: readonly string[], seen: readonly string[]): string[] =>
    [...new Set([...known, ...seen])].sort();
  return {
    records,
    models: union(
      state.models,
      records.map(({ model }) => model),
    ),
    providers: union(
      state.providers,
      records.map(({ provider }) => provider),
    ),
  };
}

/** A record that was just made, if it passes the filter. */
export function withNewRecord(state: LatencyState, record: LatencyRecord): Partial<LatencyState> {
  if (!matchesFilter(record, state.filter)) return {};
  const others = state.records.filter(({ turnId }) => turnId !== record.turnId);
  return withRecords(state, [record, ...others].slice(0, state.filter.limit));
}
