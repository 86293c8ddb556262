import { expect, test } from "vitest";
import type { AppService } from "../../shared/app-contract.ts";
import { AppError } from "../../shared/errors.ts";
import type { Port } from "../../shared/port.ts";
import { createPortPair } from "../../shared/ports/memory.ts";
import { serve, type Handlers } from "../../shared/rpc.ts";
import { scriptedSnapshot } from "../../../tests/renderer/scripted-data.ts";
import { Link } from "./link.ts";

type Calls = Partial<Handlers<AppService>["calls"]>;

/** A main side that answers only what a test needs; anything else is an error the link has to survive. */
function mainSide(port: Port, calls: Calls): void {
  serve<AppService>(port, { calls, streams: {}, notices: {} } as Handlers<AppService>);
}

const greeting: Calls = {
  hello: () => scriptedSnapshot(),
  clock: () => ({ nowMs: performance.timeOrigin + performance.now() + 5000 }),
};

test("R62 a lost connection is opened again and greeted again, and calls in between say so", async () => {
  const ports: Port[] = [];
  const lost: (string | null)[] = [];
  const greetings: PromiseWithResolvers<number>[] = [Promise.withResolvers(), Promise.withResolvers()];
  let greeted = 0;
  const link = new Link(
    async () => {
      const [ours, theirs] = createPortPair();
      ports.push(theirs);
      mainSide(theirs, greeting);
      return ours;
    },
    {
      opened: () => {},
      greeted: (_snapshot, offsetMs) => greetings[greeted++]?.resolve(offsetMs),
      lost: (_attempt, error) => lost.push(error?.code ?? null),
    },
  );
  using _link = link;
  const run = link.run();
  expect(Math.abs((await greetings[0]!.promise) - 5000)).toBeLessThan(50);
  expect((await link.client.call("clock", {})).nowMs).toBeGreaterThan(0);

  const pending = link.client.call("engine.restart", {});
  ports[0]?.[Symbol.dispose]();
  await expect(pending).rejects.toBeInstanceOf(AppError);
  await greetings[1]!.promise;
  expect(lost).toEqual([null]);
  expect(ports).toHaveLength(2);

  link[Symbol.dispose]();
  await run;
  expect(() => link.client).toThrow(AppError);
});

test("R62 what stands in the way of a connection is told with each attempt", async () => {
  const told = Promise.withResolvers<[number, string | undefined][]>();
  const lost: [number, string | undefined][] = [];
  const link = new Link(() => Promise.reject(new AppError("unsupported", "An old address.")), {
    opened: () => {},
    greeted: () => {},
    lost: (attempt, error) => {
      lost.push([attempt, error?.message]);
      if (attempt === 2) told.resolve(lost);
    },
  });
  const run = link.run();
  expect(await told.promise).toEqual([
    [1, "An old address."],
    [2, "An old address."],
  ]);
  link[Symbol.dispose]();
  await run;
});
