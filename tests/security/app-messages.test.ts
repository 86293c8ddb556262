import * as fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { serveValidated, type AppHandlers } from "../../src/main/app/validated-service.ts";
import { appCalls, appNotices, type AppService } from "../../src/shared/app-contract.ts";
import type { AppError } from "../../src/shared/errors.ts";
import type { Port } from "../../src/shared/port.ts";
import { createPortPair } from "../../src/shared/ports/memory.ts";
import { connect, type RpcClient } from "../../src/shared/rpc.ts";

interface Served {
  readonly page: Port;
  readonly client: RpcClient<AppService>;
  /** What got past the schemas. */
  readonly handled: [string, unknown][];
  readonly reports: AppError[];
}

/** The app's real gate with handlers that only write down what reaches them. */
function served(): Served {
  const [page, main] = createPortPair();
  const handled: [string, unknown][] = [];
  const reports: AppError[] = [];
  const table = (names: object): object =>
    Object.fromEntries(
      Object.keys(names).map((name) => [
        name,
        (params: unknown) => {
          handled.push([name, params]);
          return {};
        },
      ]),
    );
  const handlers = { calls: table(appCalls), notices: table(appNotices) } as AppHandlers;
  const server = serveValidated(main, handlers, (error) => reports.push(error));
  onTestFinished(() => server[Symbol.dispose]());
  return { page, client: connect<AppService>(page, { report: () => {} }), handled, reports };
}

test.for<[string, unknown]>([
  ["ask.text", { text: "" }],
  ["ask.text", { text: "x".repeat(20_001) }],
  ["ask.text", { text: 5 }],
  ["ask.text", null],
  ["ask.text", undefined],
  ["ask.text", []],
  ["listen.begin", { source: "remote", pressedAtMs: 1 }],
  ["listen.begin", { source: "button", pressedAtMs: Number.NaN }],
  ["conversations.open", { id: "x".repeat(65) }],
  ["conversations.list", { limit: 1e9 }],
  ["conversations.export", { id: "c", format: "exe" }],
  ["settings.update", { patch: { voice: 5 } }],
  ["latency.list", { cold: "luke-warm" }],
])(
  "R61 R64 the call %s with wrong parameters is refused before any handler sees it",
  async ([name, params]) => {
    const { client, handled, reports } = served();
    await expect(client.call(name as "ask.text", params as never)).rejects.toMatchObject({
      code: "bad-input",
    });
    expect(handled).toEqual([]);
    expect(reports).toHaveLength(1);
  },
);

test("R61 R64 wrong notices are dropped; the first mistake is reported, the rest are not", async () => {
  const { client, handled, reports } = served();
  const wrong: unknown[] = [
    { samples: [1, 2, 3], sampleRateHz: 16_000 },
    { samples: new Float32Array(1), sampleRateHz: -1 },
    { samples: new Float32Array(1) },
    "noise",
  ];
  for (const params of wrong) client.notify("mic.audio", params as never);
  await client.call("clock", {});
  expect(handled.map(([name]) => name)).toEqual(["clock"]);
  expect(reports).toHaveLength(1);
});

test("R60 a refusal repeats nothing the page sent", async () => {
  const { client, reports } = served();
  const patch = { "my secret plan": { text: "the treasure is buried" }, voice: 5 };
  const error = await client.call("settings.update", { patch: patch as never }).catch((e: unknown) => e);
  expect(String(error)).not.toMatch(/secret|treasure/);
  expect(String(reports[0])).not.toMatch(/secret|treasure/);
});

test("R61 defaults are filled in and unknown fields do not pass", async () => {
  const { client, handled } = served();
  await client.call("conversations.list", { more: 1 } as never);
  expect(handled).toEqual([["conversations.list", { query: "", limit: 100, offset: 0 }]]);
});

test.for(["nope", "constructor", "__proto__", "toString", ""])(
  "R61 R64 the unknown method %j is refused",
  async (name) => {
    const { client, handled } = served();
    await expect(client.call(name as "hello", {})).rejects.toMatchObject({ code: "protocol" });
    expect(handled).toEqual([]);
  },
);

test("R64 anything at all may be posted: the gate stays open for what is right", async () => {
  const { page, client, handled } = served();
  // Other numbers than the client's own: an answer to junk must not be taken for the answer to its call.
  const id = fc.oneof(
    fc.integer({ min: 1000 }),
    fc.anything().filter((value) => typeof value !== "number"),
  );
  const message = fc.oneof(
    fc.anything(),
    fc.record({
      type: fc.constantFrom("call", "cancel", "credit", "notice", "result"),
      id,
      method: fc.oneof(fc.constantFrom(...Object.keys(appCalls), ...Object.keys(appNotices)), fc.string()),
      params: fc.anything(),
    }),
  );
  for (const junk of fc.sample(message, 2000)) {
    // What cannot be cloned cannot be sent by a page either.
    try {
      page.post(junk);
    } catch (error) {
      expect(error).toBeInstanceOf(Error);
    }
  }
  await expect(client.call("clock", {})).resolves.toEqual({});
  const schemas: Record<string, { safeParse(value: unknown): { success: boolean } }> = {
    ...Object.fromEntries(Object.entries(appCalls).map(([name, { params }]) => [name, params])),
    ...appNotices,
  };
  for (const [name, params] of handled) expect(schemas[name]!.safeParse(params).success).toBe(true);
});
