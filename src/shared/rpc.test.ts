import { expect, test } from "vitest";
import { createPortPair } from "./ports/memory.ts";
import { connect, serve } from "./rpc.ts";
import { collect } from "../../tests/support/collect.ts";

type Service = {
  calls: { add: { params: { a: number; b: number }; result: number } };
  streams: { count: { params: { to: number }; part: number } };
  notices: { note: string };
  events: { noted: string };
};

test("calls, streams, notices and events reach the other end", async () => {
  const [near, far] = createPortPair();
  const server = serve<Service>(far, {
    calls: { add: ({ a, b }) => a + b },
    streams: {
      async *count({ to }) {
        for (let i = 0; i < to; i++) yield i;
      },
    },
    notices: { note: (text) => server.emit("noted", text) },
  });
  using client = connect<Service>(near);
  const noted: string[] = [];
  client.on("noted", (text) => noted.push(text));
  client.notify("note", "one");
  expect(await client.call("add", { a: 2, b: 3 })).toBe(5);
  expect(await collect(client.stream("count", { to: 100 }))).toEqual(
    Array.from({ length: 100 }, (_, i) => i),
  );
  expect(noted).toEqual(["one"]);
});
