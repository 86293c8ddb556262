import { expect, test } from "vitest";
import { AppError } from "./errors.ts";
import { createPortPair } from "./ports/memory.ts";
import { streamWindow } from "./rpc-wire.ts";
import { connect, serve } from "./rpc.ts";

// What every Port must give rpc is in tests/contract; here is what concerns one end alone.

interface Service {
  calls: { double: { params: number; result: number } };
  streams: { endless: { params: null; part: number } };
  notices: Record<never, never>;
  events: Record<never, never>;
}

interface Reverse {
  calls: { negate: { params: number; result: number } };
  streams: Record<never, never>;
  notices: Record<never, never>;
  events: Record<never, never>;
}

test("one port carries a server and a client at each end", async () => {
  const [near, far] = createPortPair();
  using _there = serve<Service>(far, {
    calls: { double: (n) => 2 * n },
    streams: { async *endless() {} },
    notices: {},
  });
  using _here = serve<Reverse>(near, { calls: { negate: (n) => -n }, streams: {}, notices: {} });
  using there = connect<Service>(near);
  using here = connect<Reverse>(far);
  expect(await Promise.all([there.call("double", 4), here.call("negate", 4)])).toEqual([8, -4]);
});

test("R64 a producer that ignores its credits fails its stream and is cancelled", async () => {
  const [near, far] = createPortPair();
  const sent: unknown[] = [];
  far.onMessage((message) => sent.push(message));
  const reports: AppError[] = [];
  using client = connect<Service>(near, { report: (error) => reports.push(error) });
  const parts = client.stream("endless", null)[Symbol.asyncIterator]();
  for (let i = 0; i <= streamWindow; i++) far.post({ type: "part", id: 0, value: i });
  // The last of them has been delivered when this later message has.
  const { promise: delivered, resolve } = Promise.withResolvers<unknown>();
  near.onMessage(resolve);
  await delivered;
  for (let i = 0; i < streamWindow; i++) await Promise.resolve();
  await expect(parts.next()).rejects.toMatchObject({ code: "protocol" });
  expect(reports.map(({ code }) => code)).toEqual(["protocol"]);
  expect(sent).toContainEqual({ type: "cancel", id: 0 });
});

test("the owner of a port decides what its closing means to those who wait", async () => {
  const [near, far] = createPortPair();
  using client = connect<Service>(near, {
    closedError: ({ reason }) => new AppError("engine-hung", `ended: ${reason}`),
  });
  const outcome = expect(client.call("double", 1)).rejects.toMatchObject({
    code: "engine-hung",
    message: "ended: disposed",
  });
  far[Symbol.dispose]();
  await outcome;
});
