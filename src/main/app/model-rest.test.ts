import { expect, test } from "vitest";
import { ManualClock } from "../../../tests/support/manual-clock.ts";
import { ModelRest } from "./model-rest.ts";

const MINUTE = 60_000;

function setUp(minutes: number) {
  const clock = new ManualClock();
  const log: string[] = [];
  const setting = { minutes };
  const rest = new ModelRest({
    clock,
    afterMinutes: () => setting.minutes,
    rest: () => log.push("rest"),
    wake: () => log.push("wake"),
  });
  return { clock, log, setting, rest };
}

test("R21 the models rest after so long without a word, and wake with the key", () => {
  const { clock, log, rest } = setUp(10);
  clock.advance(9 * MINUTE);
  rest.phase("listening");
  rest.phase("thinking");
  clock.advance(60 * MINUTE);
  expect(log).toEqual(["wake", "wake"]);
  rest.phase("idle");
  clock.advance(10 * MINUTE - 1);
  expect(log).toHaveLength(2);
  clock.advance(1);
  expect(log.at(-1)).toBe("rest");
  rest.phase("listening");
  expect(log.at(-1)).toBe("wake");
});

test("R21 at 0 they stay; a changed setting counts from its change, and none after the end", () => {
  const { clock, log, setting, rest } = setUp(0);
  clock.advance(1_000 * MINUTE);
  setting.minutes = 5;
  rest.configure();
  clock.advance(5 * MINUTE);
  expect(log).toEqual(["rest"]);
  rest.configure();
  rest[Symbol.dispose]();
  clock.advance(5 * MINUTE);
  expect(log).toEqual(["rest"]);
});
