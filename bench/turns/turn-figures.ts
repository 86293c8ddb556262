import { percentile } from "../../src/shared/metrics.ts";
import { figure, type Figure } from "../figures.ts";
import type { MeasuredTurn } from "./conversation.ts";

/** Turns on either side of one whose medians are taken together: what a single turn meets by chance is not its cost. */
const NEIGHBOURS = 2;
/** Turns that are shown, as far as there are so many. */
const shown = [1, 2, 5, 20, 50];
const AIM = 1.2;

type Conversations = readonly (readonly MeasuredTurn[])[];

/** The last turn against the second, on the median of all conversations. */
export function turnFigures(conversations: Conversations): Figure[] {
  const last = conversations[0]?.length ?? 0;
  const ratio = (of: (turn: MeasuredTurn) => number): readonly [number, string] => {
    const [end, start] = [at(conversations, last, of), at(conversations, 2, of)];
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
export function turnTable(conversations: Conversations): string {
  const last = conversations[0]?.length ?? 0;
  const head = "turn  new tokens  from cache  encode ms  prefill ms  step ms  idle tokens  idle ms";
  const lines = [...new Set([...shown.filter((turn) => turn <= last), last])].map((turn) => {
    const cell = (width: number, digits: number, of: (turn: MeasuredTurn) => number): string =>
      at(conversations, turn, of).toFixed(digits).padStart(width);
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

/** Median of one turn (1-based) over all conversations; from the fifth on its neighbours count as well. */
function at(conversations: Conversations, turn: number, of: (turn: MeasuredTurn) => number): number {
  const around = turn < 5 ? 0 : NEIGHBOURS;
  const values = conversations.flatMap((turns) => turns.slice(turn - 1 - around, turn + around).map(of));
  return percentile(values.filter(Number.isFinite), 0.5);
}
