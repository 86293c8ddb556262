import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { systemClock } from "../../src/shared/clock.ts";
import type { TurnEvent } from "../../src/shared/contract.ts";
import { Conversation, type ConversationSettings } from "../../src/main/assistant/conversation.ts";
import type { Turn } from "../../src/main/assistant/turn.ts";
import { ScheduleSink } from "../../src/main/assistant/wav-sink.ts";
import { say } from "../../src/main/cli/session.ts";
import { startEngine, type Engine } from "../../src/main/models/engine.ts";
import { decodeWav } from "../../src/main/models/listener/wav.ts";

const root = new URL("../../", import.meta.url);
export const goldenFolder = fileURLToPath(new URL("tests/golden/voxtral/", root));

/** The demo pack in its three real processes. */
export function startNano(): Engine {
  const modelDir = (name: string): string => fileURLToPath(new URL(`resources/models/nano/${name}`, root));
  const common = { provider: "cpu", threads: 0 } as const;
  return startEngine({
    models: {
      voxtral: { modelDir: modelDir("voxtral"), ...common },
      kokoro: { modelDir: modelDir("kokoro"), ...common },
    },
  });
}

/** The samples of a golden recording; all of them are 16 kHz mono. */
export function golden(file: string): Float32Array {
  return decodeWav(readFileSync(`${goldenFolder}${file}.wav`), 60_000).samples;
}

export interface Session {
  readonly conversation: Conversation;
  readonly sink: ScheduleSink;
  /** Says a golden recording and waits for the whole answer. */
  ask(file: string): Promise<{ turn: Turn; events: TurnEvent[] }>;
}

/** A conversation whose player acknowledges everything at once, unless the test replaces `sink.onPlayed`. */
export function openSession(engine: Engine, settings: Partial<ConversationSettings> = {}): Session {
  const sink = new ScheduleSink(systemClock);
  const conversation = new Conversation({ engine, sink, settings });
  sink.onPlayed = (turnId, samples, underruns) => conversation.acknowledge(turnId, samples, underruns);
  return {
    conversation,
    sink,
    async ask(file) {
      const turn = await say(engine, conversation, golden(file));
      const events: TurnEvent[] = [];
      turn.onEvent((event) => events.push(event));
      await turn.finished;
      return { turn, events };
    },
  };
}

export function eventsOf<T extends TurnEvent["type"]>(
  events: readonly TurnEvent[],
  type: T,
): Extract<TurnEvent, { type: T }>[] {
  return events.filter((event): event is Extract<TurnEvent, { type: T }> => event.type === type);
}
