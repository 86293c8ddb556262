import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "../../src/shared/clock.ts";
import type { AudioChunk } from "../../src/shared/audio.ts";
import { Conversation } from "../../src/main/assistant/conversation.ts";
import type { Turn, TurnOutcome } from "../../src/main/assistant/turn.ts";
import { ScheduleSink } from "../../src/main/assistant/wav-sink.ts";
import type { Engine } from "../../src/main/models/engine.ts";
import { defaultListening, type VoiceActivity } from "../../src/main/models/services.ts";
import { joined, silence, words } from "../support/speech.ts";
import { startNano } from "../support/nano.ts";

/** What a page sends at a time: 20 ms at 16 kHz. */
const BLOCK_SAMPLES = 320;
const questions = ["capital-of-france", "five-plus-six", "tell-me-a-joke"];

let engine: Engine;
beforeAll(async () => {
  engine = startNano();
  await engine.ready;
  const { detector } = await engine.listener.call("configure", defaultListening);
  expect(detector).toBe("silero");
});
afterAll(() => engine.dispose());

interface Answer {
  readonly turn: Turn;
  readonly outcome: TurnOutcome;
  readonly chunks: readonly AudioChunk[];
  readonly voice: readonly VoiceActivity[];
}

/** Says `sound` into the microphone and lets go of the key; answers what came back, and what left before that. */
async function ask(
  speculate: boolean,
  sound: Float32Array,
  options: {
    /** Silence at the end of `sound`, if it is long enough to be told of. */
    readonly pauseMs?: number;
    readonly conversation?: Conversation;
    readonly sink?: RecordingSink;
  } = {},
): Promise<Answer> {
  const sink = options.sink ?? new RecordingSink();
  const conversation = options.conversation ?? open(sink, speculate);
  const voice: VoiceActivity[] = [];
  const leave = engine.listener.on("voice", (activity) => voice.push(activity));
  const before = sink.chunks.length;
  const listening = conversation.listen({ trimSilence: true });
  await listening.prepared;
  for (let at = 0; at < sound.length; at += BLOCK_SAMPLES) {
    const samples = sound.slice(at, at + BLOCK_SAMPLES);
    engine.listener.notify("push", { samples, sampleRateHz: 16_000 });
  }
  // The pause at the end was heard, and what it led to has begun.
  const saidSamples = sound.length - (options.pauseMs ?? 0) * 16;
  while (options.pauseMs !== undefined && !voice.some((event) => isPauseAfter(event, saidSamples))) {
    await new Promise(setImmediate);
  }
  await new Promise(setImmediate);
  expect(sink.chunks, "nothing leaves before the release").toHaveLength(before);
  const turn = listening.release();
  const outcome = await turn.finished;
  leave();
  return { turn, outcome, chunks: sink.chunks.slice(before), voice };
}

/** Recordings end with some silence of their own, and voice with a sound too faint to be one. */
const isPauseAfter = (event: VoiceActivity, samples: number): boolean =>
  event.type === "paused" && event.samples > samples - 0.3 * 16_000;

class RecordingSink extends ScheduleSink {
  readonly chunks: AudioChunk[] = [];

  constructor() {
    super(systemClock);
  }

  override send(chunk: AudioChunk): void {
    this.chunks.push(chunk);
    super.send(chunk);
  }
}

function open(sink: RecordingSink, speculate: boolean): Conversation {
  const conversation = new Conversation({ engine, sink, settings: { speculate } });
  sink.onPlayed = (turnId, samples, underruns) => conversation.acknowledge(turnId, samples, underruns);
  return conversation;
}

const pcmOf = (chunks: readonly AudioChunk[]): Float32Array => joined(...chunks.map(({ pcm }) => pcm));

describe("R42 answered during the pause before the release", () => {
  test.each(questions.flatMap((name) => [0, 150, 300, 600].map((pauseMs) => ({ name, pauseMs }))))(
    "$name, released after $pauseMs ms of silence: the same words and the same sound",
    async ({ name, pauseMs }) => {
      const sound = joined(silence(300), words(name), silence(pauseMs));
      const plain = await ask(false, sound);
      const ahead = await ask(true, sound, pauseMs >= 300 ? { pauseMs } : {});
      expect(ahead.outcome.outcome).toBe("completed");
      expect(ahead.outcome.reply).toBe(plain.outcome.reply);
      expect(ahead.outcome.tokenIds).toEqual(plain.outcome.tokenIds);
      expect(pcmOf(ahead.chunks)).toEqual(pcmOf(plain.chunks));
      expect(plain.outcome.metrics.speculation.outcome).toBe("none");
      if (pauseMs >= 300) {
        const { speculation, spans } = ahead.outcome.metrics;
        expect(speculation).toMatchObject({ outcome: "hit", wastedMs: 0 });
        // Whether the encoder began before the release or right after it is the machine's affair.
        const encode = spans.find((span) => span.name === "encode")!;
        expect(encode.startMs < 0 && encode.speculative !== "used").toBe(false);
        expect(ahead.outcome.metrics.firstTokenMs).toBeGreaterThanOrEqual(0);
      }
    },
  );

  test("the silence itself changes nothing: however long it is, the answer is that to the words", async () => {
    const answers = [];
    for (const pauseMs of [200, 400, 1000]) {
      answers.push(
        await ask(true, joined(silence(300), words("biggest-planet"), silence(pauseMs)), { pauseMs }),
      );
    }
    expect(new Set(answers.map(({ outcome }) => outcome.reply)).size).toBe(1);
  });

  test("speech that goes on after the pause voids the answer, and all of it is answered", async () => {
    const sound = joined(silence(300), words("capital-of-france"), silence(350), words("five-plus-six"));
    const plain = await ask(false, sound);
    const ahead = await ask(true, sound);
    expect(ahead.voice.map(({ type }) => type)).toContain("resumed");
    expect(ahead.outcome.reply).toBe(plain.outcome.reply);
    expect(ahead.outcome.tokenIds).toEqual(plain.outcome.tokenIds);
    expect(ahead.outcome.metrics.prefillTokens).toBe(plain.outcome.metrics.prefillTokens);
  });

  test("R41 the next turn of the conversation finds everything but its own words in the cache", async () => {
    const sink = new RecordingSink();
    const conversation = open(sink, true);
    const first = joined(silence(300), words("capital-of-france"), silence(400));
    await ask(true, first, { conversation, sink, pauseMs: 400 });
    const second = joined(silence(300), words("five-plus-six"), silence(400));
    const { outcome } = await ask(true, second, { conversation, sink, pauseMs: 400 });
    expect(outcome.metrics.speculation.outcome).toBe("hit");
    expect(outcome.metrics.prefillTokens).toBe(376);
  });

  test("R16 what follows it, a transcription and a written question, is as without", async () => {
    const sound = joined(silence(300), words("five-plus-six"), silence(400));
    const after = [];
    for (const speculate of [false, true]) {
      const sink = new RecordingSink();
      const conversation = open(sink, speculate);
      const { turn } = await ask(speculate, sound, {
        conversation,
        sink,
        ...(speculate ? { pauseMs: 400 } : {}),
      });
      const heard = await conversation.transcribe(turn.id, { language: "en" });
      const asked = await conversation.ask("tell me a story").finished;
      after.push({ heard, reply: asked.reply, tokenIds: asked.tokenIds });
    }
    expect(after[1]).toEqual(after[0]);
  });
});
