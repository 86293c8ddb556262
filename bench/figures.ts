import { percentile } from "../src/shared/metrics.ts";
import type { PeerTurn } from "./peers/pipeline.ts";
import type { DecodeTimes, ProductTurn } from "./product.ts";

/** Everything that one round measured, each part right after the other. */
export interface Round {
  readonly product: readonly ProductTurn[];
  readonly peer: readonly PeerTurn[];
  readonly decode: DecodeTimes;
  /** Bare `session.run` of as many steps after a prompt of the same length. */
  readonly rawStepsMs: readonly number[];
}

/** One line of the result. A ratio has no unit. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: "" | "ms" | "KB" | "tokens";
  /** The value must not be above it; null where nothing was promised. */
  readonly aim: number | null;
  readonly isMet: boolean | null;
  /** What the value was made of, for the reader who doubts. */
  readonly from: string;
}

const median = (values: readonly number[]): number => percentile(values, 0.5);
const round = (value: number, digits: number): number => Number(value.toFixed(digits));

/** Figures over all rounds: medians of what was measured, ratios of medians. The first turn and the fifth are numbers 0 and 4. */
export function figuresOf(rounds: readonly Round[]): Figure[] {
  const product = (turn: number, of: (turn: ProductTurn) => number): number =>
    median(rounds.map((one) => of(one.product[turn]!)));
  const peer = (turn: number, of: (turn: PeerTurn) => number): number =>
    median(rounds.map((one) => of(one.peer[turn]!)));
  const turns = rounds.flatMap((one) => one.product);
  const overheads = turns.map(({ firstAudioMs, sessionMs }) => firstAudioMs / sessionMs);
  const mel = median(turns.map(({ melMs }) => melMs));
  const peerMel = median(rounds.flatMap((one) => one.peer.map(({ melMs }) => melMs)));
  const step = median(rounds.flatMap(({ decode }) => decode.stepsMs));
  const session = median(rounds.flatMap(({ decode }) => decode.sessionsMs));
  const rawStep = median(rounds.flatMap(({ rawStepsMs }) => rawStepsMs));
  const figures = [1, 5].map((number) => {
    const own = product(number - 1, (turn) => turn.firstAudioMs);
    const its = peer(number - 1, (turn) => turn.firstAudioMs);
    return figure(
      `first audio of turn ${number} ÷ the peer's`,
      own / its,
      number === 1 ? 0.33 : 0.1,
      `${ms(own)} ÷ ${ms(its)}`,
    );
  });
  figures.push(
    figure(
      "first audio ÷ session time on its way",
      median(overheads),
      1.1,
      `${turns.length} turns, first audio ${ms(median(turns.map((turn) => turn.firstAudioMs)))}`,
    ),
    figure(
      "log-mel after release ÷ the peer's extractor",
      mel / peerMel,
      0.05,
      `${ms(mel)} ÷ ${ms(peerMel)}`,
    ),
    figure("decoder step ÷ bare session.run", step / rawStep, 1.05, `${ms(step)} ÷ ${ms(rawStep)}`),
    figure(
      "its session.run, cache in and out ÷ bare",
      session / rawStep,
      1.05,
      `${ms(session)} ÷ ${ms(rawStep)}`,
    ),
    figure(
      "event-loop lag of main in a reply, p99",
      median(turns.map(({ loopLagMs }) => loopLagMs)),
      10,
      `median over ${turns.length} turns; worst ${ms(Math.max(...turns.map(({ loopLagMs }) => loopLagMs)))}`,
      "ms",
    ),
    figure(
      "prefill of turn 5 ÷ prefill of turn 1, tokens",
      product(4, (turn) => turn.prefillTokens) / product(0, (turn) => turn.prefillTokens),
      null,
      `${product(4, (turn) => turn.prefillTokens)} new and ${product(4, (turn) => turn.reusedTokens)} reused on turn 5`,
    ),
  );
  return figures;
}

/** In how many of all turns both had a prompt of the same length and gave the same words: they run the same weights. */
export function agreement(rounds: readonly Round[]): { readonly equal: number; readonly turns: number } {
  const pairs = rounds.flatMap(({ product, peer }) => product.map((own, i) => [own, peer[i]!] as const));
  const equal = pairs.filter(
    ([own, its]) => own.reply === its.reply && own.prefillTokens + own.reusedTokens === its.promptTokens,
  );
  return { equal: equal.length, turns: pairs.length };
}

/** Lines for people, aims and verdicts last. */
export function describe(figures: readonly Figure[]): string {
  return figures
    .map(({ name, value, unit, aim, isMet, from }) => {
      const verdict = aim === null ? "" : `${isMet ? "met " : "MISS"} (aim ≤ ${aim}${unit && ` ${unit}`})`;
      return `${name.padEnd(46)} ${`${round(value, 3)} ${unit}`.padStart(10)}  ${verdict.padEnd(22)} ${from}`;
    })
    .join("\n");
}

/** A line with its verdict; a value that could not be measured (NaN) never meets an aim. */
export function figure(
  name: string,
  value: number,
  aim: number | null,
  from: string,
  unit: Figure["unit"] = "",
): Figure {
  return { name, value: round(value, 4), unit, aim, isMet: aim === null ? null : value <= aim, from };
}

function ms(value: number): string {
  return `${round(value, value < 10 ? 2 : 0)} ms`;
}
