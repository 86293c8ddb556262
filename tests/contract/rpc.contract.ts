import * as fc from "fast-check";
import { expect, onTestFinished, test, vi } from "vitest";
import { AppError } from "../../src/shared/errors.ts";
import { connect, serve, type RpcClient } from "../../src/shared/rpc.ts";
import { streamWindow } from "../../src/shared/rpc-wire.ts";
import { collect } from "../support/collect.ts";
import type { PortPair } from "./port.contract.ts";

interface TestService {
  calls: {
    echo: { params: unknown; result: unknown };
    fail: { params: "app" | "plain"; result: never };
    wait: { params: null; result: string };
    unsendable: { params: null; result: unknown };
  };
  streams: {
    count: { params: { from: number; to: number }; part: number };
    /** Yields a part, then waits until it has been told that the part arrived. */
    stepwise: { params: null; part: number };
    failing: { params: { after: number }; part: number };
  };
  notices: { note: unknown; arrived: number; explode: null };
  events: { noted: unknown };
}

const code = (expected: string) => expect.objectContaining({ code: expected });

/** The contract of `serve` and `connect` over one kind of Port. Call it inside a `describe`. */
export function rpcContract(createPair: () => Promise<PortPair> | PortPair): void {
  /** A served pair, with what the server saw. */
  const open = async () => {
    const { near, far } = await createPair();
    const seen = { produced: 0, finished: 0, aborted: 0, started: 0, notes: [] as unknown[] };
    const reports: AppError[] = [];
    let arrived = Promise.withResolvers<void>();
    const server = serve<TestService>(
      far,
      {
        calls: {
          echo: (value) => value,
          fail: (how) => {
            if (how === "plain") throw new TypeError("plain");
            throw new AppError("voice-unknown", "No such voice.", { details: { voice: "af_x" } });
          },
          wait: (_, { signal }) => {
            seen.started += 1;
            signal.addEventListener("abort", () => (seen.aborted += 1));
            return new Promise<never>(() => {});
          },
          unsendable: () => () => {},
        },
        streams: {
          async *count({ from, to }, { signal }) {
            signal.addEventListener("abort", () => (seen.aborted += 1));
            try {
              for (let i = from; i < to; i++) {
                seen.produced += 1;
                yield i;
              }
            } finally {
              seen.finished += 1;
            }
          },
          async *stepwise() {
            for (let i = 0; i < 5; i++) {
              arrived = Promise.withResolvers();
              yield i;
              await arrived.promise;
            }
          },
          async *failing({ after }) {
            for (let i = 0; i < after; i++) yield i;
            throw new AppError("context-full", "Too long.");
          },
        },
        notices: {
          note: (value) => {
            seen.notes.push(value);
            server.emit("noted", value);
          },
          arrived: () => arrived.resolve(),
          explode: () => {
            throw new Error("boom");
          },
        },
      },
      { report: (error) => reports.push(error) },
    );
    const client = connect<TestService>(near, { report: (error) => reports.push(error) });
    onTestFinished(() => {
      client[Symbol.dispose]();
      near[Symbol.dispose]();
      far[Symbol.dispose]();
    });
    return { near, far, client, server, seen, reports };
  };

  /** Resolves once the server has handled everything sent before. */
  const settle = (client: RpcClient<TestService>) => client.call("echo", "settled");

  test("a call is answered, with typed arrays as they are", async () => {
    const { client } = await open();
    const value = { samples: new Float32Array([1, 2, 3]).subarray(1), nested: [null, true, "ä"] };
    expect(await client.call("echo", value)).toEqual(value);
    expect(await client.call("echo", undefined)).toBe(undefined);
  });

  test("errors keep their code and details, and anything thrown is an AppError", async () => {
    const { client } = await open();
    const error = await client.call("fail", "app").catch((e: unknown) => e);
    expect(error).toBeInstanceOf(AppError);
    expect(error).toMatchObject({
      code: "voice-unknown",
      message: "No such voice.",
      details: { voice: "af_x" },
    });
    await expect(client.call("fail", "plain")).rejects.toThrow(code("internal"));
  });

  test("what the service does not offer is refused, including what every object has", async () => {
    const { near } = await open();
    const stranger = connect<{
      calls: Record<string, { params: unknown; result: unknown }>;
      streams: Record<string, { params: unknown; part: unknown }>;
      notices: Record<never, never>;
      events: Record<never, never>;
    }>(near);
    onTestFinished(() => stranger[Symbol.dispose]());
    for (const method of ["nothing", "constructor", "__proto__", "toString", "count"]) {
      await expect(stranger.call(method, null)).rejects.toThrow(code("protocol"));
    }
    await expect(collect(stranger.stream("echo", null))).rejects.toThrow(code("protocol"));
  });

  test("what cannot be cloned fails its call and nothing else", async () => {
    const { client } = await open();
    await expect(client.call("echo", () => {})).rejects.toThrow(code("bad-input"));
    await expect(client.call("unsendable", null)).rejects.toThrow(code("internal"));
    expect(await client.call("echo", 1)).toBe(1);
  });

  test("a cancelled call rejects at once and aborts its handler", async () => {
    const { client, seen } = await open();
    const abort = new AbortController();
    const call = client.call("wait", null, { signal: abort.signal });
    const outcome = expect(call).rejects.toThrow(code("cancelled"));
    await settle(client);
    expect(seen).toMatchObject({ started: 1, aborted: 0 });
    abort.abort();
    await outcome;
    await settle(client);
    expect(seen.aborted).toBe(1);
  });

  test("an aborted signal sends nothing", async () => {
    const { client, seen } = await open();
    const signal = AbortSignal.abort();
    await expect(client.call("wait", null, { signal })).rejects.toThrow(code("cancelled"));
    const parts = collect(client.stream("count", { from: 0, to: 9 }, { signal }));
    await expect(parts).rejects.toThrow(code("cancelled"));
    await settle(client);
    expect(seen).toMatchObject({ started: 0, produced: 0 });
  });

  test("a stream delivers all parts in order, many windows long, two at a time", async () => {
    const { client } = await open();
    const count = streamWindow * 10 + 3;
    const [first, second] = await Promise.all([
      collect(client.stream("count", { from: 0, to: count })),
      collect(client.stream("count", { from: 1000, to: 1000 + count })),
    ]);
    expect(first).toEqual(Array.from({ length: count }, (_, i) => i));
    expect(second).toEqual(Array.from({ length: count }, (_, i) => 1000 + i));
  });

  test("R1 a part is delivered before the next is produced", async () => {
    const { client } = await open();
    const received: number[] = [];
    for await (const part of client.stream("stepwise", null)) {
      received.push(part);
      client.notify("arrived", part);
    }
    expect(received).toEqual([0, 1, 2, 3, 4]);
  });

  test("a producer stops when its consumer takes nothing, and goes on when it does", async () => {
    const { client, seen } = await open();
    const parts = client.stream("count", { from: 0, to: 1000 })[Symbol.asyncIterator]();
    expect((await parts.next()).value).toBe(0);
    // One part beyond the window has been made and waits for credit.
    await vi.waitFor(() => expect(seen.produced).toBe(streamWindow + 1));
    for (let i = 0; i < 5; i++) await settle(client);
    expect(seen.produced).toBe(streamWindow + 1);
    for (let i = 1; i <= 500; i++) expect((await parts.next()).value).toBe(i);
    expect(seen.produced).toBeLessThanOrEqual(501 + streamWindow + 1);
    await parts.return?.();
  });

  test("leaving a stream early ends its producer", async () => {
    const { client, seen } = await open();
    for await (const part of client.stream("count", { from: 0, to: 1_000_000 })) if (part === 40) break;
    await vi.waitFor(() => expect(seen.finished).toBe(1));
    expect(seen.aborted).toBe(1);
    expect(seen.produced).toBeLessThanOrEqual(41 + 2 * streamWindow);
  });

  test("cancelling a stream rejects its consumer at once and ends its producer", async () => {
    const { client, seen } = await open();
    const abort = new AbortController();
    const stream = client.stream("count", { from: 0, to: 1e9 }, { signal: abort.signal });
    const parts = stream[Symbol.asyncIterator]();
    await parts.next();
    abort.abort();
    await expect(parts.next()).rejects.toThrow(code("cancelled"));
    expect(await parts.next()).toEqual({ done: true, value: undefined });
    await vi.waitFor(() => expect(seen.finished).toBe(1));
  });

  test("parts before an error of the producer are delivered first", async () => {
    const { client } = await open();
    const received: number[] = [];
    const consume = async () => {
      for await (const part of client.stream("failing", { after: 3 })) received.push(part);
    };
    await expect(consume()).rejects.toThrow(code("context-full"));
    expect(received).toEqual([0, 1, 2]);
  });

  test("notices arrive in order with calls; events reach their subscribers until they leave", async () => {
    const { client, seen } = await open();
    const noted: unknown[] = [];
    const leave = client.on("noted", (value) => noted.push(value));
    for (let i = 0; i < 10; i++) client.notify("note", i);
    await settle(client);
    expect(seen.notes).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(noted).toEqual(seen.notes);
    leave();
    client.notify("note", 10);
    await settle(client);
    expect(noted).toHaveLength(10);
  });

  test("an error in a notice or an event listener is reported and harms nothing", async () => {
    const { client, reports } = await open();
    client.on("noted", () => {
      throw new Error("bang");
    });
    client.notify("explode", null);
    client.notify("note", 1);
    await settle(client);
    expect(reports.map(({ message }) => message).sort()).toEqual(["bang", "boom"]);
  });

  test("R62 when the port closes, everything pending fails with the reason and handlers abort", async () => {
    const { client, far, seen } = await open();
    const parts = client.stream("count", { from: 0, to: 1e9 })[Symbol.asyncIterator]();
    await parts.next();
    const outcomes = [client.call("wait", null), client.call("wait", null)].map((call) =>
      expect(call).rejects.toThrow(code("engine-gone")),
    );
    await settle(client);
    far[Symbol.dispose]();
    await Promise.all(outcomes);
    const rest = async () => {
      while (!(await parts.next()).done);
    };
    const error: unknown = await rest().catch((e: unknown) => e);
    expect(error).toMatchObject({ code: "engine-gone", details: { reason: expect.stringMatching(/./) } });
    await expect(client.call("echo", 1)).rejects.toThrow(code("engine-gone"));
    await vi.waitFor(() => expect(seen.aborted).toBe(3));
  });

  test("when the caller's end closes, its handlers abort and its calls are cancelled", async () => {
    const { client, near, seen } = await open();
    const outcome = expect(client.call("wait", null)).rejects.toThrow(code("cancelled"));
    await settle(client);
    near[Symbol.dispose]();
    await outcome;
    await vi.waitFor(() => expect(seen.aborted).toBe(1));
  });

  test("a disposed client cancels what it asked for", async () => {
    const { client, seen } = await open();
    const cancelled = expect(client.call("wait", null)).rejects.toThrow(code("cancelled"));
    await settle(client);
    client[Symbol.dispose]();
    await cancelled;
    await vi.waitFor(() => expect(seen.aborted).toBe(1));
    await expect(client.call("echo", 1)).rejects.toThrow(code("cancelled"));
  });

  test("a disposed server fails what it was asked, and aborts its handlers", async () => {
    const { client, server, seen } = await open();
    const gone = expect(client.call("wait", null)).rejects.toThrow(code("engine-gone"));
    await settle(client);
    server[Symbol.dispose]();
    await gone;
    expect(seen.aborted).toBe(1);
  });

  test("R64 malformed messages are dropped, reported once an end, and harm nothing", async () => {
    const { client, near, far, reports } = await open();
    const type = fc.constantFrom(
      "call",
      "cancel",
      "credit",
      "notice",
      "result",
      "error",
      "part",
      "stream-end",
      "event",
    );
    const id = fc.oneof(fc.anything(), fc.integer({ min: 1_000_000 }));
    const method = fc.oneof(fc.anything(), fc.constantFrom("echo", "__proto__", "nothing"));
    const almost = fc.record(
      {
        type,
        id,
        method,
        params: fc.anything(),
        credits: fc.anything(),
        error: fc.anything(),
        event: method,
      },
      { requiredKeys: ["type"] },
    );
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.anything(), almost), fc.nat(), async (message, probe) => {
        near.post(message);
        far.post(message);
        expect(await client.call("echo", probe)).toBe(probe);
      }),
      { numRuns: 200 },
    );
    const breaches = reports.filter((error) => error.code === "protocol");
    expect(breaches).toHaveLength(2);
    expect(reports).toHaveLength(2);
  });
}
