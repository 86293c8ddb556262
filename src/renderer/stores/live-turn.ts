import type { z } from "zod";
import type { appEvents } from "../../shared/app-contract.ts";
import type { QueueStats, TurnEvent, TurnMetrics } from "../../shared/contract.ts";
import { percentile } from "../../shared/metrics.ts";

/** A token as the overlay shows it. */
export interface TokenMark {
  readonly index: number;
  readonly text: string;
  /** Since key release. */
  readonly tMs: number;
  readonly sincePreviousMs: number | null;
}

/** The turn in progress, or the newest one, as the engine's events tell it. */
export interface LiveTurn {
  readonly turnId: string;
  readonly conversationId: string;
  readonly input: "voice" | "text";
  readonly userText: string | null;
  readonly userAudioMs: number | null;
  readonly reply: string;
  readonly tokens: readonly TokenMark[];
  readonly firstAudioMs: number | null;
  readonly voice: string | null;
  readonly outcome: "completed" | "interrupted" | "failed" | null;
  readonly errorMessage: string | null;
  readonly metrics: TurnMetrics | null;
  readonly queue: QueueStats | null;
}

/** The four figures with targets (R6); null while unknown. */
export interface TurnFigures {
  readonly firstTokenMs: number | null;
  readonly firstWordMs: number | null;
  readonly firstAudioMs: number | null;
  readonly interTokenMs: number | null;
}

export function beginLiveTurn(opened: z.infer<(typeof appEvents)["turn.opened"]>): LiveTurn {
  return {
    turnId: opened.turnId,
    conversationId: opened.conversationId,
    input: opened.input,
    userText: opened.userText,
    userAudioMs: opened.userAudioMs,
    reply: "",
    tokens: [],
    firstAudioMs: null,
    voice: null,
    outcome: null,
    errorMessage: null,
    metrics: null,
    queue: null,
  };
}

/** The turn after one more event; events of other turns leave it as it is. */
export function advanceLiveTurn(turn: LiveTurn, event: TurnEvent): LiveTurn {
  if (event.turnId !== turn.turnId) return turn;
  switch (event.type) {
    case "token":
      return {
        ...turn,
        reply: turn.reply + event.text,
        tokens: [
          ...turn.tokens,
          { index: event.index, text: event.text, tMs: event.tMs, sincePreviousMs: event.sincePreviousMs },
        ],
      };
    case "audio":
      return { ...turn, voice: event.voice, firstAudioMs: turn.firstAudioMs ?? event.tMs };
    case "turn-finished":
      return {
        ...turn,
        reply: event.reply,
        outcome: event.outcome,
        errorMessage: event.error?.message ?? null,
        metrics: event.metrics,
        queue: event.queue,
      };
    default:
      return turn;
  }
}

/** The engine's own figures once the turn is finished; before that, as far as its events tell. */
export function figuresOf(turn: LiveTurn): TurnFigures {
  if (turn.metrics) {
    const { firstTokenMs, firstWordMs, firstAudioMs, interTokenMs } = turn.metrics;
    return { firstTokenMs, firstWordMs, firstAudioMs, interTokenMs: interTokenMs.p50 };
  }
  const gaps = turn.tokens.flatMap(({ sincePreviousMs }) => sincePreviousMs ?? []);
  return {
    firstTokenMs: turn.tokens[0]?.tMs ?? null,
    firstWordMs: firstWordTime(turn.tokens),
    firstAudioMs: turn.firstAudioMs,
    interTokenMs: gaps.length === 0 ? null : percentile(gaps, 0.5),
  };
}

/** A word is complete when something that is not part of it follows. */
function firstWordTime(tokens: readonly TokenMark[]): number | null {
  let text = "";
  for (const token of tokens) {
    text += token.text;
    if (/[\p{L}\p{N}][^\p{L}\p{N}'’]/u.test(text)) return token.tMs;
  }
  return null;
}
