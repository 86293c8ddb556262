import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { turnEventSchema } from "../../src/shared/contract.ts";
import type { Engine } from "../../src/main/models/engine.ts";
import { eventsOf, golden, goldenFolder, openSession, startNano } from "../support/nano.ts";

interface Golden {
  items: { file: string; kind: string; text: string; generated_ids: number[] }[];
  multi_turn: { files: string[]; text: string; generated_ids: number[] }[];
}
const goldens: Golden = JSON.parse(readFileSync(`${goldenFolder}golden.json`, "utf8"));
const EOS = 2;

let engine: Engine;
beforeAll(async () => {
  engine = startNano();
  await engine.ready;
});
afterAll(() => engine.dispose());

const ids = (generated: readonly number[]): number[] => generated.filter((id) => id !== EOS);

describe("R1 spoken question in, tokens out", () => {
  test.each(goldens.items.filter((item) => item.kind === "chat"))(
    "$file answers as the golden says",
    async (item) => {
      const { turn, events } = await openSession(engine).ask(item.file.replace(".wav", ""));
      expect(turn.reply).toBe(item.text);
      expect(eventsOf(events, "token").map((token) => token.id)).toEqual(ids(item.generated_ids));
      for (const event of events) turnEventSchema.parse(event);
    },
  );

  test("one event a token, each after a step of its own: never two in one burst", async () => {
    const { turn, events } = await openSession(engine).ask("06_story");
    const { metrics } = await turn.finished;
    const tokens = eventsOf(events, "token");
    expect(tokens).toHaveLength(metrics.tokens);
    const steps = metrics.spans.filter((span) => span.name === "decode");
    for (const [index, { tMs }] of tokens.entries()) {
      // The token is told when its step ends, before the next one begins.
      expect(tMs).toBeCloseTo(steps[index]!.endMs, 0);
      if (index > 0) expect(tMs).toBeGreaterThan(tokens[index - 1]!.tMs);
    }
  });
});

describe("R41 prefix reuse across turns", () => {
  test.each(goldens.multi_turn)(
    "$files: the second turn computes only what is new, and answers the same",
    async (item) => {
      const session = openSession(engine);
      await session.ask(item.files[0]!.replace(".wav", ""));
      const first = (await session.conversation.turn!.finished).metrics;
      const { turn, events } = await session.ask(item.files[1]!.replace(".wav", ""));
      expect(turn.reply).toBe(item.text);
      expect(eventsOf(events, "token").map((token) => token.id)).toEqual(ids(item.generated_ids));
      const { metrics } = await turn.finished;
      // [INST] and [BEGIN_AUDIO] were prepared while the question was spoken: 375 of audio and [/INST] are left.
      expect(metrics.prefillTokens).toBe(376);
      expect(metrics.reusedTokens).toBeGreaterThan(first.prefillTokens);
    },
  );

  test("five turns cost five times the first one's prefill, not more", async () => {
    const session = openSession(engine);
    for (let turn = 0; turn < 5; turn++) await session.ask("03_capital_france");
    expect((await session.conversation.turn!.finished).metrics.prefillTokens).toBe(376);
  });
});

describe("R2 R43 speech overlaps generation", () => {
  test("the first chunk leaves before the second is synthesised, and tokens come while it is", async () => {
    const { events, turn } = await openSession(engine).ask("06_story");
    const { spans } = (await turn.finished).metrics;
    const synthesis = spans.filter((span) => span.name === "synthesis");
    const audio = eventsOf(events, "audio");
    expect(audio.length).toBeGreaterThan(3);
    expect(audio[0]!.tMs).toBeLessThan(synthesis[1]!.startMs);
    const decoding = spans.filter((span) => span.name === "decode");
    const overlapping = synthesis.filter((speech) =>
      decoding.some((step) => step.startMs < speech.endMs && step.endMs > speech.startMs),
    );
    expect(overlapping.length).toBeGreaterThan(0);
  });

  test("the segments are the reply", async () => {
    const { events, turn } = await openSession(engine).ask("01_hello");
    const text = eventsOf(events, "segment").map((segment) => segment.text);
    expect(text.join(" ")).toBe(turn.reply);
    expect(
      eventsOf(events, "audio")
        .map((chunk) => chunk.textSource)
        .join(" "),
    ).toBe(turn.reply);
  });
});

describe("the rest of a conversation", () => {
  test("a written question is answered and spoken", async () => {
    const { conversation } = openSession(engine);
    const turn = conversation.ask("What is the capital of Japan?");
    const { reply, metrics, outcome } = await turn.finished;
    expect(outcome).toBe("completed");
    expect(reply).toBe("The capital of Japan is Tokyo.");
    expect(metrics.audioSeconds).toBeGreaterThan(1);
  });

  test("R16 the user's words are transcribed from what the model still holds", async () => {
    const session = openSession(engine, { language: "en" });
    const { turn } = await session.ask("09_transcribe");
    const item = goldens.items.find((candidate) => candidate.kind === "transcribe")!;
    const transcript = await session.conversation.transcribe(turn.id);
    expect(transcript).toBe(item.text);
    expect(await session.conversation.recording(turn.id)).toEqual(golden("09_transcribe"));
  });

  test("asked again, a question is answered again and replaces the first answer", async () => {
    const session = openSession(engine);
    const { turn } = await session.ask("04_three_plus_four");
    const again = session.conversation.regenerate(turn.id);
    expect((await again.finished).reply).toBe(turn.reply);
    expect(session.conversation.history.map((remembered) => remembered.turnId)).toEqual([again.id]);
  });

  test("R64 nothing said is refused with a sentence and leaves no trace", async () => {
    const { conversation } = openSession(engine);
    const turn = conversation.listen().release();
    const { outcome, error } = await turn.finished;
    expect(outcome).toBe("failed");
    expect(error?.message).toMatch(/No sound arrived/);
    expect(conversation.history).toEqual([]);
    expect(() => conversation.ask("  ")).toThrow(/Type a question/);
  });
});
