import { percentile } from "../../src/shared/metrics.ts";
import { figure, type Figure } from "../figures.ts";
import type { MeasuredTurn } from "./conversation.ts";

/**
 * How many of the last turns are compared, each with the second turn of another conversation right after it: what the
 * machine does beside it meets both.
 */
export const COMPARED_TURNS = 10;
/** Turns that are shown, as far as there are so many. */
const shown = [1, 2, 5, 20, 50];
const AIM = 1.2;

export interface TurnRound {
  /** Every turn of one long conversation. */
  readonly turns: MeasuredTurn[];
  /** Second turns of short conversations, one after each of the last turns of the long one. */
  readonly second: MeasuredTurn[];
}

/** The last turns against second turns, medians over all rounds. */
export function turnFigures(rounds: readonly TurnRound[]): Figure[] {
  const last = rounds[0]?.turns.length ?? 0;
  const ratio = (of: (turn: MeasuredTurn) => number): readonly [number, string] => {
    const end = median(rounds.flatMap(({ turns }) => turns.slice(-COMPARED_TURNS).map(of)));
    const start = median(rounds.flatMap(({ second }) => second.map(of)));
    return [end / start, `${end.toFixed(2)} ÷ ${start.toFixed(2)}`];
  };
  const [prefill, prefillFrom] = ratio((turn) => turn.prefillMs);
  const [tokens, tokensFrom] = ratio((turn) => turn.prefillTokens);
  const [step, stepFrom] = ratio((turn) => turn.stepMs);
  return [
    figure(`prefill of turn ${last} ÷ turn 2, time`, prefill, AIM, `${prefillFrom} ms`),
    figure(`prefill of turn ${last} ÷ turn 2, tokens`, tokens, 1, tokensFrom),
    figure(`decoder step of turn ${last} ÷ turn 2`, step, null, `${stepFrom} ms`),
  ];
}

/** One line a turn, for people. */
export function turnTable(rounds: readonly TurnRound[]): string {
  const last = rounds[0]?.turns.length ?? 0;
  const head = "turn  new tokens  from cache  encode ms  prefill ms  step ms  idle tokens  idle ms";
  const lines = [...new Set([...shown.filter((turn) => turn <= last), last])].map((turn) => {
    const cell = (width: number, digits: number, of: (turn: MeasuredTurn) => number): string =>
      median(rounds.map(({ turns }) => of(turns[turn - 1]!)))
        .toFixed(digits)
        .padStart(width);
    return [
      String(turn).padStart(4),
      cell(12, 0, ({ prefillTokens }) => prefillTokens),
      cell(12, 0, ({ reusedTokens }) => reusedTokens),
      cell(11, 1, ({ encodeMs }) => encodeMs),
      cell(12, 1, ({ prefillMs }) => prefillMs),
      cell(9, 2, ({ stepMs }) => stepMs),
      cell(13, 0, ({ idleTokens }) => idleTokens),
      cell(9, 1, ({ idleMs }) => idleMs),
    ].join("");
  });
  return [head, ...lines].join("\n");
}

/** Replies of one token have no steps. */
function median(values: readonly number[]): number {
  return percentile(values.filter(Number.isFinite), 0.5);
}
