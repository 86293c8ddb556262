import { afterAll, beforeAll, expect, test } from "vitest";
import type { Engine } from "../../src/main/models/engine.ts";
import { openSession, startNano } from "../support/nano.ts";
import { goldenItem } from "../support/voxtral-golden.ts";

let engine: Engine;
beforeAll(async () => {
  engine = startNano();
  await engine.ready;
});
afterAll(() => engine.dispose());

test("R21 a question asked while the models rest loses nothing of what is said", async () => {
  const session = openSession(engine);
  await session.ask("03_capital_france");
  engine.rest();
  expect(engine.states).toMatchObject({
    listener: { status: "ready" },
    voxtral: { status: "resting" },
    kokoro: { status: "resting" },
  });
  // The key goes down: both load while the question is spoken, and hear it afterwards.
  engine.wake();
  const { turn } = await openSession(engine).ask("04_three_plus_four");
  expect((await turn.finished).outcome).toBe("completed");
  expect(turn.tokenIds).toEqual(goldenItem("04_three_plus_four.wav").generated_ids);
  expect(turn.spoken.length).toBeGreaterThan(0);
  // Resting is no failure: nothing counts against the processor or a device.
  expect(engine.providers.voxtral.every(({ reason }) => !reason?.includes("failed"))).toBe(true);
});
