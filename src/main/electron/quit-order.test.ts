import { describe, expect, test } from "vitest";
import { ManualClock } from "../../../tests/support/manual-clock.ts";
import { quitInOrder } from "./quit-order.ts";

describe("R8 quit order", () => {
  test("one after the other, and a failing or hanging step does not stop the rest", async () => {
    const clock = new ManualClock();
    const log: string[] = [];
    const hangs = Promise.withResolvers<void>();
    const quitting = quitInOrder(
      [
        { name: "windows", run: () => void log.push("windows") },
        { name: "broken", run: () => Promise.reject(new Error("no")) },
        {
          name: "models",
          run: () => {
            log.push("models");
            return hangs.promise;
          },
        },
        { name: "storage", run: () => void log.push("storage") },
      ],
      1000,
      clock,
    );
    while (!log.includes("models")) await Promise.resolve();
    expect(log).toEqual(["windows", "models"]);
    clock.advance(1000);
    expect(await quitting).toEqual(["broken", "models"]);
    expect(log).toEqual(["windows", "models", "storage"]);
    expect(clock.pendingTimers).toBe(0);
  });
});
