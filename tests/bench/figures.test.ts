import { expect, test } from "vitest";
import { agreement, describe, figuresOf, type Round } from "../../bench/figures.ts";

/** A round whose every ratio can be worked out by hand. `slower` multiplies what Parley needed. */
function round(slower = 1): Round {
  const own = {
    reply: "Paris.",
    firstTokenMs: 90 * slower,
    firstAudioMs: 110 * slower,
    sessionMs: 100 * slower,
    melMs: 2,
    prefillTokens: 376,
    reusedTokens: 3,
    loopLagMs: 4,
  };
  const its = {
    reply: "Paris.",
    firstTextMs: 300,
    firstAudioMs: 550,
    melMs: 200,
    promptTokens: 379,
    totalMs: 600,
    audioSeconds: 1,
  };
  return {
    product: [own, own, own, own, own],
    peer: [its, its, its, its, { ...its, firstAudioMs: 2200 }],
    decode: { promptTokens: 8, stepsMs: [2, 2, 2], sessionsMs: [1.5, 1.5, 1.5] },
    rawStepsMs: [1.6, 1.6, 1.6],
  };
}

const valueOf = (rounds: readonly Round[], name: string) =>
  figuresOf(rounds).find((figure) => figure.name.startsWith(name));

test("R6 ratios are those of the medians, so one slow round does not decide", () => {
  const rounds = [round(), round(), round(50)];
  expect(valueOf(rounds, "first audio of turn 1")).toMatchObject({ value: 0.2, isMet: true });
  expect(valueOf(rounds, "first audio of turn 5")).toMatchObject({ value: 0.05, isMet: true });
  expect(valueOf(rounds, "first audio ÷ session")).toMatchObject({ value: 1.1, isMet: true });
  expect(valueOf(rounds, "log-mel")).toMatchObject({ value: 0.01, isMet: true });
});

test("R45 a step is held against the bare run, whole and inside session.run", () => {
  expect(valueOf([round()], "decoder step")).toMatchObject({ value: 1.25, isMet: false });
  expect(valueOf([round()], "its session.run")).toMatchObject({ value: 0.9375, isMet: true });
});

test("an aim that could not be measured is not met, and the text says so", () => {
  const { product, ...others } = round();
  const silent = { ...product[0]!, firstAudioMs: Number.NaN };
  const rounds = [{ ...others, product: product.map(() => silent) }];
  expect(valueOf(rounds, "first audio of turn 1")).toMatchObject({ value: Number.NaN, isMet: false });
  expect(describe(figuresOf(rounds))).toMatch(/first audio of turn 1 .*MISS/);
});

test("replies agree when prompts are as long and words are the same", () => {
  const one = round();
  const other = { ...one, peer: one.peer.map((turn, i) => (i === 0 ? { ...turn, reply: "Rome." } : turn)) };
  const longer = {
    ...one,
    peer: one.peer.map((turn, i) => (i === 1 ? { ...turn, promptTokens: 380 } : turn)),
  };
  expect(agreement([one])).toEqual({ equal: 5, turns: 5 });
  expect(agreement([other, longer])).toEqual({ equal: 8, turns: 10 });
});
