import { monitorEventLoopDelay } from "node:perf_hooks";
import { Conversation, type ConversationSettings } from "../src/main/assistant/conversation.ts";
import { ScheduleSink } from "../src/main/assistant/wav-sink.ts";
import { say } from "../src/main/cli/session.ts";
import type { Engine } from "../src/main/models/engine.ts";
import { greedy, type Prompt } from "../src/main/models/services.ts";
import { systemClock } from "../src/shared/clock.ts";
import { criticalSessionMs } from "./critical-path.ts";

/** Resolution of the event-loop monitor; its samples include it. */
const LAG_RESOLUTION_MS = 1;

/** One turn of Parley. Milliseconds from the release of the key. */
export interface ProductTurn {
  readonly reply: string;
  readonly firstTokenMs: number;
  readonly firstAudioMs: number;
  /** Inside `session.run` on the way to the first audio. */
  readonly sessionMs: number;
  /** Until the last log-mel frame was computed, the way to the listener process included. */
  readonly melMs: number;
  readonly prefillTokens: number;
  readonly reusedTokens: number;
  /** Extra delay of the main process's timers during the turn, 99th percentile. */
  readonly loopLagMs: number;
}

/** Asks recordings (16 kHz mono) as the turns of one conversation. Throws when a turn fails. */
export async function converse(
  engine: Engine,
  questions: readonly Float32Array[],
  settings: Partial<ConversationSettings> = {},
): Promise<ProductTurn[]> {
  const sink = new ScheduleSink(systemClock);
  const conversation = new Conversation({ engine, sink, settings });
  sink.onPlayed = (turnId, played, underruns) => conversation.acknowledge(turnId, played, underruns);
  const turns: ProductTurn[] = [];
  try {
    for (const question of questions) {
      const turn = await say(engine, conversation, question);
      const lag = monitorEventLoopDelay({ resolution: LAG_RESOLUTION_MS });
      lag.enable();
      const { outcome, error, reply, metrics } = await turn.finished;
      lag.disable();
      if (outcome !== "completed") throw error ?? new Error(`A turn ended ${outcome}.`);
      turns.push({
        reply,
        firstTokenMs: metrics.firstTokenMs ?? Number.NaN,
        firstAudioMs: metrics.firstAudioMs ?? Number.NaN,
        sessionMs: criticalSessionMs(metrics),
        melMs: metrics.spans.find(({ name }) => name === "mel")?.endMs ?? Number.NaN,
        prefillTokens: metrics.prefillTokens,
        reusedTokens: metrics.reusedTokens,
        loopLagMs: Math.max(0, lag.percentile(99) / 1e6 - LAG_RESOLUTION_MS),
      });
    }
    return turns;
  } finally {
    await conversation.dispose();
  }
}

export interface DecodeTimes {
  readonly promptTokens: number;
  /** From token to token, in the model process. */
  readonly stepsMs: readonly number[];
  /** The part of each step inside `session.run`. */
  readonly sessionsMs: readonly number[];
}

/** Decoder steps of a written question with no speech beside them, for comparison with bare runs of the graph. */
export async function decodeAlone(engine: Engine, text: string): Promise<DecodeTimes> {
  const prompt: Prompt = {
    kind: "chat",
    instructions: "",
    turns: [{ role: "user", content: [{ type: "text", text }] }],
  };
  let promptTokens = 0;
  const stepsMs: number[] = [];
  const sessionsMs: number[] = [];
  const parts = engine.voxtral.stream("generate", {
    turnId: "decode-alone",
    prompt,
    sampling: greedy,
    maxNewTokens: 110,
  });
  for await (const part of parts) {
    if (part.type === "prefilled") promptTokens = part.prefillTokens + part.reusedTokens;
    // The first token comes out of the prefill.
    if (part.type === "token" && part.index > 0) {
      stepsMs.push(part.span.endMs - part.span.startMs);
      sessionsMs.push(part.span.sessionMs ?? Number.NaN);
    }
  }
  return { promptTokens, stepsMs, sessionsMs };
}
