import { expect, test } from "vitest";
import { z } from "zod";
import { latencyFilterSchema } from "../../src/shared/app-contract.ts";
import { systemClock } from "../../src/shared/clock.ts";
import { Database } from "../../src/main/storage/database.ts";
import { exportLatency } from "../../src/main/storage/latency-export.ts";
import { LatencyRecords } from "../../src/main/storage/latency-records.ts";
import { latencyRecord, opened, temporaryFolder } from "./support.ts";

const everything = latencyFilterSchema.parse({});

test("R15 records persist, are filtered, newest first, and a late report replaces", async () => {
  const folder = temporaryFolder();
  const { storage } = opened(folder);
  storage.latency.add(latencyRecord("t1", { atMs: 1, isCold: true, keyToSoundMs: null }));
  storage.latency.add(latencyRecord("t2", { atMs: 2, input: "text", model: "big" }));
  storage.latency.add(latencyRecord("t3", { atMs: 3, provider: "webgpu" }));
  storage.latency.add(latencyRecord("t1", { atMs: 1, isCold: true, keyToSoundMs: 99 }));
  await storage[Symbol.asyncDispose]();
  const { latency } = opened(folder).storage;
  const ids = (filter: object): string[] =>
    latency.list({ ...everything, ...filter }).map((record) => record.turnId);
  expect(ids({})).toEqual(["t3", "t2", "t1"]);
  expect(ids({ cold: "cold" })).toEqual(["t1"]);
  expect(ids({ cold: "warm" })).toEqual(["t3", "t2"]);
  expect(ids({ model: "big" })).toEqual(["t2"]);
  expect(ids({ provider: "webgpu" })).toEqual(["t3"]);
  expect(ids({ input: "voice", limit: 1 })).toEqual(["t3"]);
  expect(ids({ conversationId: "other" })).toEqual([]);
  expect(ids({ speculation: "none" })).toEqual(["t3", "t2", "t1"]);
  expect(ids({ speculation: "hit" })).toEqual([]);
  expect(latency.list({ ...everything, cold: "cold" })).toEqual([
    latencyRecord("t1", { atMs: 1, isCold: true, keyToSoundMs: 99 }),
  ]);
  latency.clear();
  expect(ids({})).toEqual([]);
});

test("R15 only the newest records are kept", () => {
  using database = new Database({ file: null, clock: systemClock, onNotice: () => {} });
  const latency = new LatencyRecords(database, 10);
  for (let index = 0; index < 35; index++) latency.add(latencyRecord(`t${index}`, { atMs: index }));
  expect(latency.list(everything).map((record) => record.turnId)).toEqual(
    Array.from({ length: 10 }, (_, index) => `t${34 - index}`),
  );
});

test("R15 JSON and CSV exports hold every record", () => {
  const records = [
    latencyRecord("t1"),
    latencyRecord("t2", { model: 'my "best", model', keyToSoundMs: null }),
  ];
  expect(JSON.parse(exportLatency(records, "json").content)).toMatchObject({ records });
  const lines = exportLatency(records, "csv").content.split("\r\n");
  expect(lines).toHaveLength(4);
  const header = lines[0]!.split(",");
  expect(lines[1]!.split(",")[header.indexOf("firstAudioMs")]).toBe("180");
  expect(lines[2]).toContain('"my ""best"", model"');
  expect(lines[3]).toBe("");
});

test("R42 records and exports tell what answering ahead brought", () => {
  const record = latencyRecord("t1");
  const ahead = latencyRecord("t2", {
    interruptToSilenceMs: 40.5,
    endToSoundMs: 420,
    metrics: {
      ...record.metrics,
      speculation: { outcome: "hit", attempts: 2, savedMs: 131, wastedMs: 12 },
      spans: [{ name: "encode", startMs: -200, endMs: -170, speculative: "used" }],
    },
  });
  using database = new Database({ file: null, clock: systemClock, onNotice: () => {} });
  const latency = new LatencyRecords(database);
  for (const one of [record, ahead]) latency.add(one);
  expect(latency.list({ ...everything, speculation: "hit" })).toEqual([ahead]);
  expect(latency.list({ ...everything, speculation: "none" })).toEqual([record]);

  const [header = "", , row = ""] = exportLatency([record, ahead], "csv").content.split("\r\n");
  const cells = Object.fromEntries(header.split(",").map((name, index) => [name, row.split(",")[index]]));
  expect(cells).toMatchObject({
    speculation: "hit",
    speculationAttempts: "2",
    speculationSavedMs: "131",
    speculationWastedMs: "12",
    interruptToSilenceMs: "40.5",
    endToSoundMs: "420",
  });
  const trace = traceSchema.parse(JSON.parse(exportLatency([ahead], "chrome-trace").content));
  expect(trace.traceEvents).toContainEqual(expect.objectContaining({ name: "encode (ahead, used)" }));
  expect(trace.traceEvents).toContainEqual(
    expect.objectContaining({
      name: "turn t2",
      args: expect.objectContaining({ speculation: ahead.metrics.speculation }),
    }),
  );
});

/** What Perfetto's importer needs of the JSON Trace Event Format. */
const traceSchema = z.strictObject({
  displayTimeUnit: z.enum(["ms", "ns"]),
  traceEvents: z.array(
    z.discriminatedUnion("ph", [
      z.strictObject({
        ph: z.literal("X"),
        name: z.string().min(1),
        pid: z.int(),
        tid: z.int(),
        ts: z.number().nonnegative(),
        dur: z.number().nonnegative(),
        args: z.record(z.string(), z.unknown()),
      }),
      z.strictObject({
        ph: z.literal("i"),
        name: z.string().min(1),
        pid: z.int(),
        tid: z.int(),
        ts: z.number().nonnegative(),
        s: z.literal("t"),
      }),
      z.strictObject({
        ph: z.literal("M"),
        name: z.enum(["process_name", "thread_name", "thread_sort_index"]),
        pid: z.int(),
        tid: z.int(),
        args: z.record(z.string(), z.unknown()),
      }),
    ]),
  ),
});

test("R15 the Chrome trace keeps its schema, its lanes and its microseconds", () => {
  const records = [
    latencyRecord("t2", { atMs: 1_700_000_005_000 }),
    latencyRecord("t1", { atMs: 1_700_000_000_000 }),
  ];
  const file = exportLatency(records, "chrome-trace");
  const trace = traceSchema.parse(JSON.parse(file.content));
  const spans = trace.traceEvents.filter((event) => event.ph === "X" && event.name === "encode");
  expect(spans).toHaveLength(2);
  // The earliest moment is the capture of t1, 1.5 s before its release.
  expect(spans[1]).toMatchObject({
    ts: 1_501_000,
    dur: 30_000,
    args: { turnId: "t1", index: 0, sessionMs: 29 },
  });
  expect(spans[0]).toMatchObject({ ts: 6_501_000 });
  const lane = trace.traceEvents.find((event) => event.ph === "M" && event.args["name"] === "encode");
  expect(spans[0]!.tid).toBe(lane!.tid);
  expect(traceSchema.safeParse(JSON.parse(exportLatency([], "chrome-trace").content)).success).toBe(true);
});
