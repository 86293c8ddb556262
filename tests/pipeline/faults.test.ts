import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AudioChunk } from "../../src/shared/audio.ts";
import { say } from "../../src/main/cli/session.ts";
import type { Turn } from "../../src/main/assistant/turn.ts";
import type { Engine } from "../../src/main/models/engine.ts";
import type { ModelKind } from "../../src/main/models/child-handle.ts";
import { golden, openSession, startNano } from "../support/nano.ts";

let engine: Engine;
beforeAll(async () => {
  engine = startNano();
  await engine.ready;
});
afterAll(() => engine.dispose());

function kill(kind: ModelKind): void {
  const state = engine.states[kind];
  if (state.status !== "ready" || state.pid === undefined) throw new Error(`${kind} is not running`);
  process.kill(state.pid, "SIGKILL");
}

const untilNotReady = (kind: ModelKind): Promise<void> =>
  new Promise((resolve) => {
    const stop = engine.onState((changed, state) => {
      if (changed !== kind || state.status === "ready") return;
      stop();
      resolve();
    });
  });

const when = (turn: Turn, type: "token" | "audio", count: number): Promise<void> =>
  new Promise((resolve) => {
    let seen = 0;
    turn.onEvent((event) => {
      if (event.type === type && ++seen === count) resolve();
    });
  });

describe("R62 a model process killed in the middle of a reply", () => {
  test("voxtral: the reply goes on where it was, and the next turn still knows the conversation", async () => {
    const session = openSession(engine);
    await session.ask("03_capital_france");
    const calm = await session.ask("06_story");
    const disturbed = openSession(engine);
    await disturbed.ask("03_capital_france");
    const turn = await say(engine, disturbed.conversation, golden("06_story"));
    await when(turn, "token", 5);
    kill("voxtral");
    const { outcome, reply } = await turn.finished;
    expect(outcome).toBe("completed");
    expect(turn.tokenIds).toEqual(calm.turn.tokenIds);
    expect(reply).toBe(calm.turn.reply);
    // The new process has heard the audio of both questions again.
    const next = await disturbed.ask("04_three_plus_four");
    expect(next.turn.reply).toBe("Three plus four is seven.");
  });

  test("kokoro: what was not spoken yet is spoken by the next process", async () => {
    const session = openSession(engine);
    const turn = await say(engine, session.conversation, golden("06_story"));
    await when(turn, "audio", 2);
    kill("kokoro");
    const { outcome, reply } = await turn.finished;
    expect(outcome).toBe("completed");
    expect(reply).toMatch(/^Once upon a time.*never quiet again\.$/);
    expect(turn.spoken.map(({ chunk }) => chunk.index)).toEqual(turn.spoken.map((_, index) => index));
  });

  test("listener: the question fails clearly and the next one is heard", async () => {
    const session = openSession(engine);
    const listening = session.conversation.listen();
    await listening.prepared;
    kill("listener");
    const turn = listening.release();
    expect((await turn.finished).outcome).toBe("failed");
    expect((await session.ask("03_capital_france")).turn.reply).toBe("The capital of France is Paris.");
  });

  test("all three at once", async () => {
    const session = openSession(engine);
    const turn = await say(engine, session.conversation, golden("06_story"));
    await when(turn, "token", 3);
    const kinds = ["listener", "voxtral", "kokoro"] as const;
    // A question asked to a listener whose death is not known yet fails as clearly as the one before.
    const noticed = kinds.map(untilNotReady);
    kinds.forEach(kill);
    expect((await turn.finished).outcome).toBe("failed");
    await Promise.all(noticed);
    expect((await session.ask("01_hello")).turn.reply).toMatch(/^Hello!/);
  });
});

describe("R46 interruption", () => {
  /** A player that has played only the first `samples` when it is interrupted. */
  async function interruptAfter(samples: number, session = openSession(engine)) {
    const chunks: AudioChunk[] = [];
    session.sink.onPlayed = () => {};
    const turn = await say(engine, session.conversation, golden("06_story"));
    turn.onEvent((event) => {
      if (event.type === "audio") chunks.push(turn.spoken[event.index]!.chunk);
    });
    await when(turn, "audio", 3);
    session.conversation.acknowledge(turn.id, samples);
    turn.interrupt("key");
    const outcome = await turn.finished;
    session.sink.onPlayed = (turnId, played) => session.conversation.acknowledge(turnId, played);
    return { session, turn, chunks, outcome };
  }

  test("keeps exactly the words that were heard", async () => {
    const { outcome, chunks, session, turn } = await interruptAfter(0);
    expect(outcome).toMatchObject({ outcome: "interrupted", reply: "", tokenIds: [] });
    expect(session.conversation.history).toEqual([]);

    const firstTwo = chunks[0]!.pcm.length + chunks[1]!.words[0]!.endSample;
    const heard = await interruptAfter(firstTwo);
    const words = heard.outcome.reply.split(" ");
    expect(heard.outcome.reply).toBe(
      `${heard.chunks[0]!.textSource} ${heard.chunks[1]!.words[0]!.text}`.slice(
        0,
        heard.outcome.reply.length,
      ),
    );
    expect(words).toHaveLength(heard.chunks[0]!.words.length + 1);
    expect(heard.session.conversation.history).toHaveLength(1);
    expect(heard.turn.tokenIds.length).toBeGreaterThan(0);
    expect(turn.isOver).toBe(true);
  });

  test("the next question goes on from there, and reuses what the cache still holds", async () => {
    const { session } = await interruptAfter(60_000);
    const { turn } = await session.ask("04_three_plus_four");
    expect((await turn.finished).metrics.prefillTokens).toBe(376);
    expect(turn.reply).toMatch(/seven/);
  });

  test("a new question interrupts the old answer, and nothing of the old one comes after", async () => {
    const session = openSession(engine);
    const old = await say(engine, session.conversation, golden("06_story"));
    await when(old, "token", 2);
    const { turn } = await session.ask("03_capital_france");
    expect((await old.finished).outcome).toBe("interrupted");
    expect(turn.reply).toBe("The capital of France is Paris.");
  });

  test("R63 interrupted at any moment, twenty times: never stuck, never out of step", async () => {
    const session = openSession(engine);
    for (let round = 0; round < 20; round++) {
      const turn = await say(engine, session.conversation, golden(round % 2 ? "06_story" : "01_hello"));
      if (round % 4 < 3) await when(turn, "token", 1 + ((round * 7) % 11));
      turn.interrupt("key");
      expect((await turn.finished).outcome).toBe("interrupted");
    }
    // What the demo model makes of twenty torn answers is its own affair; that it answers, and everyone else, is ours.
    const { turn } = await session.ask("03_capital_france");
    expect(await turn.finished).toMatchObject({ outcome: "completed", reply: expect.stringMatching(/\w/) });
    const fresh = await openSession(engine).ask("03_capital_france");
    expect(fresh.turn.reply).toBe("The capital of France is Paris.");
  });
});
