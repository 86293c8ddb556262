import { describe, expect, test } from "vitest";
import { ManualClock } from "../../../tests/support/manual-clock.ts";
import { scriptedModels, WORD_SAMPLES, type ScriptedModels } from "../../../tests/support/scripted-models.ts";
import type { AudioChunk } from "../../shared/audio.ts";
import { AppError } from "../../shared/errors.ts";
import { Conversation } from "./conversation.ts";
import type { Turn } from "./turn.ts";

/** A player that plays only what the test says. */
function open(models: ScriptedModels) {
  const clock = new ManualClock();
  const sent: AudioChunk[] = [];
  const stopped: string[] = [];
  const conversation = new Conversation({
    engine: models.engine,
    clock,
    sink: {
      send: (chunk) => void sent.push(chunk),
      end: () => {},
      stop: (turnId) => void stopped.push(turnId),
    },
  });
  const playAll = (turn: Turn): void => conversation.acknowledge(turn.id, 1e9);
  return { conversation, clock, sent, stopped, playAll };
}

/** Resolves when the turn has spoken `words` words. */
const spoken = (turn: Turn, words: number): Promise<void> =>
  new Promise((resolve) => {
    let samples = 0;
    turn.onEvent((event) => {
      if (event.type === "audio") samples += event.samples;
      if (samples >= words * WORD_SAMPLES) resolve();
    });
  });

/** All microtasks and macrotasks that are due. */
const settled = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
};

const never = (): Promise<never> => new Promise(() => {});

describe("R4 R62 a turn", () => {
  test("completes when everything was played, and is remembered by its ids", async () => {
    const models = scriptedModels();
    const { conversation, playAll } = open(models);
    const turn = conversation.ask("Count.");
    await spoken(turn, 5);
    expect(turn.isOver).toBe(false);
    playAll(turn);
    await expect(turn.finished).resolves.toMatchObject({ outcome: "completed", reply: models.reply });
    expect(conversation.history).toMatchObject([{ turnId: turn.id, reply: { tokenIds: [0, 1, 2, 3, 4] } }]);
  });

  test("R16 interrupted: reply, ids and the next prompt hold what was heard", async () => {
    const models = scriptedModels();
    const { conversation, stopped, playAll } = open(models);
    const turn = conversation.ask("Count.");
    await spoken(turn, 5);
    conversation.acknowledge(turn.id, 2.5 * WORD_SAMPLES);
    turn.interrupt("key");
    await expect(turn.finished).resolves.toMatchObject({
      outcome: "interrupted",
      reply: "One two",
      tokenIds: [0, 1],
    });
    expect(stopped).toEqual([turn.id]);
    const next = conversation.ask("Go on.");
    await spoken(next, 5);
    playAll(next);
    await next.finished;
    expect(models.prompts.at(-1)).toMatchObject({
      turns: [{ role: "user" }, { role: "assistant", tokenIds: [0, 1] }, { role: "user" }],
    });
  });

  test.each([
    ["is gone", () => Promise.reject(new AppError("engine-gone", "The model is gone."))],
    ["does not answer", never],
  ])("R16 interrupted while the model %s: the words that were heard stay, as text", async (_name, cut) => {
    const models = scriptedModels();
    const { conversation, clock } = open(models);
    models.cut = cut;
    const turn = conversation.ask("Count.");
    await spoken(turn, 5);
    conversation.acknowledge(turn.id, 3 * WORD_SAMPLES);
    turn.interrupt("key");
    await settled();
    clock.advance(1_000);
    await expect(turn.finished).resolves.toMatchObject({ outcome: "interrupted", reply: "One two three" });
    expect(conversation.history).toMatchObject([{ reply: { text: "One two three" } }]);
  });

  test("interrupted before a sound was heard: nothing of it is remembered", async () => {
    const { conversation } = open(scriptedModels());
    const turn = conversation.ask("Count.");
    await spoken(turn, 5);
    turn.interrupt("key");
    await expect(turn.finished).resolves.toMatchObject({ outcome: "interrupted", reply: "", tokenIds: [] });
    expect(conversation.history).toEqual([]);
  });

  test("a new question interrupts the answer before it, and is answered", async () => {
    const models = scriptedModels();
    const { conversation, playAll } = open(models);
    models.beforeToken = (index) => (models.prompts.length === 1 && index === 2 ? never() : undefined);
    const first = conversation.ask("Count.");
    await settled();
    const second = conversation.ask("No, sing.");
    await expect(first.finished).resolves.toMatchObject({ outcome: "interrupted" });
    await spoken(second, 5);
    playAll(second);
    await expect(second.finished).resolves.toMatchObject({ outcome: "completed" });
  });

  test("a player that falls silent for ever: the turn is given up, the next one works", async () => {
    const { conversation, clock, playAll } = open(scriptedModels());
    const turn = conversation.ask("Count.");
    await spoken(turn, 5);
    // Each report is progress; then there is none.
    clock.advance(300_000);
    conversation.acknowledge(turn.id, WORD_SAMPLES);
    clock.advance(300_000);
    expect(turn.isOver).toBe(false);
    clock.advance(60_000);
    await expect(turn.finished).resolves.toMatchObject({ outcome: "failed", error: { code: "timeout" } });
    const next = conversation.ask("Again.");
    await spoken(next, 5);
    playAll(next);
    await expect(next.finished).resolves.toMatchObject({ outcome: "completed" });
    expect(clock.pendingTimers).toBe(0);
  });

  test("a model that breaks: the turn fails with its error and keeps what was written", async () => {
    const models = scriptedModels();
    const { conversation, stopped } = open(models);
    models.beforeToken = (index) => {
      if (index === 3) throw new AppError("out-of-memory", "The model has no memory left.");
    };
    const turn = conversation.ask("Count.");
    await expect(turn.finished).resolves.toMatchObject({
      outcome: "failed",
      error: { code: "out-of-memory" },
      reply: "One two three",
    });
    expect(stopped).toEqual([turn.id]);
  });

  test("R63 1 000 random interruptions: every turn ends once, history and prompts stay in step", async () => {
    const models = scriptedModels();
    let { conversation, clock } = open(models);
    models.reply = "Well, one two three. Four five six seven, eight. Nine ten eleven twelve.";
    let seed = 42;
    const random = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below;
    let remembered = 0;
    for (let round = 0; round < 1_000; round++) {
      // A conversation of 1 000 turns would be a test of how long prompts are copied.
      if (round % 100 === 0) ({ conversation, clock } = open(models));
      const turn = conversation.ask(`Question ${round}.`);
      let ends = 0;
      turn.onEvent((event) => void (ends += event.type === "turn-finished" ? 1 : 0));
      for (let wait = random(12); wait > 0; wait--) await new Promise((resolve) => setImmediate(resolve));
      conversation.acknowledge(turn.id, random(14) * WORD_SAMPLES);
      turn.interrupt("voice");
      if (random(2) === 0) conversation.acknowledge(turn.id, 1e9);
      const { outcome, reply, tokenIds } = await turn.finished;
      expect(ends).toBe(1);
      expect(outcome).toBe("interrupted");
      expect(models.reply.startsWith(reply)).toBe(true);
      expect(tokenIds.length).toBe(reply === "" ? 0 : reply.split(" ").length);
      if (reply !== "")
        expect(conversation.history.at(-1)).toMatchObject({ turnId: turn.id, reply: { tokenIds } });
      else expect(conversation.history.at(-1)?.turnId).not.toBe(turn.id);
      remembered += reply === "" ? 0 : 1;
      expect(clock.pendingTimers).toBe(0);
    }
    expect(remembered).toBeGreaterThan(100);
  });
});
