import { describe, expect, test } from "vitest";
import { latencyRecord } from "../../../tests/renderer/latency-record.ts";
import { matchesFilter, withNewRecord, withRecords } from "./latency-records.ts";
import { createStores, everyRecord } from "./stores.ts";

describe("latency records", () => {
  test.each([
    [{}, true],
    [{ model: "nano" }, true],
    [{ model: "other" }, false],
    [{ provider: "webgpu" }, false],
    [{ conversationId: "conversation-2" }, false],
    [{ cold: "cold" as const }, false],
    [{ cold: "warm" as const }, true],
    [{ input: "text" as const }, false],
    [{ speculation: "none" as const }, true],
    [{ speculation: "hit" as const }, false],
  ])("R15 a new record under filter %j: %s", (filter, matches) => {
    expect(matchesFilter(latencyRecord(), { ...everyRecord, ...filter })).toBe(matches);
  });

  test("R15 new records come first, replace their older self and stay within the limit", () => {
    const { latency } = createStores();
    latency.setState({ filter: { ...everyRecord, limit: 2 } });
    for (const [turnId, keyToSoundMs] of [
      ["a", 1],
      ["b", 2],
      ["a", 3],
      ["c", 4],
    ] as const) {
      latency.setState((state) => withNewRecord(state, latencyRecord({ turnId, keyToSoundMs })));
    }
    expect(latency.getState().records.map(({ turnId, keyToSoundMs }) => [turnId, keyToSoundMs])).toEqual([
      ["c", 4],
      ["a", 3],
    ]);
  });

  test("R15 filters keep offering what an earlier filter showed", () => {
    const { latency } = createStores();
    latency.setState((state) =>
      withRecords(state, [latencyRecord({ model: "b" }), latencyRecord({ model: "a" })]),
    );
    latency.setState((state) => withRecords(state, [latencyRecord({ model: "a" })]));
    expect(latency.getState().models).toEqual(["a", "b"]);
  });
});
