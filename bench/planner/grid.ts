import { priorCosts } from "../../src/main/assistant/speech-costs.ts";
import { optimum, simulate, type Optimum, type Outcome, type Scenario } from "./simulation.ts";

/** Replies of different build: short, one long sentence, lists, dialogue, many short sentences, no comma at all. */
export const replies: readonly string[] = [
  "Yes.",
  "The capital of France is Paris.",
  "I am Parley, a voice assistant. I run on your own computer, and nothing you say ever leaves it.",
  "The days of the week are Monday, Tuesday, Wednesday, Thursday, Friday, Saturday and Sunday. Most calendars in Europe begin with Monday, while those in America begin with Sunday.",
  "Rainbows appear when sunlight enters drops of water and is bent at the surface before it is reflected at the back of the drop and bent again on its way out so that each colour leaves at a slightly different angle towards the eye of whoever looks at it with the sun behind them.",
  "Sure! First, boil the water. Then add salt. Wait a minute. Put in the pasta, stir once, and let it cook for nine minutes. Drain it well. Keep a cup of the water, since it makes any sauce better. Serve hot.",
  "Three steps:\n1. Open the settings.\n2. Choose the microphone that you want to use.\n3. Speak a sentence and watch the level.",
];

export interface Cell {
  readonly scenario: Scenario;
  readonly best: Optimum;
  readonly deadline: Outcome;
  readonly static: Outcome;
  /** Text comes and sentences are spoken faster than they sound: the reply could go on for ever. */
  readonly isSustainable: boolean;
}

const TOKEN_MS = [3, 15, 40, 80, 140];
const BASE_MS = [20, 100, 300, 700];
const MS_PER_CHARACTER = [1, 8, 20, 40, 55, 80];

/** Runs every reply at every token rate and synthesis speed. `spread` is the largest jitter, as a share. */
export function runGrid(spread = 0): Cell[] {
  return replies.flatMap((reply) =>
    TOKEN_MS.flatMap((msPerToken) =>
      BASE_MS.flatMap((synthesisBaseMs) =>
        MS_PER_CHARACTER.map((synthesisMsPerCharacter) => {
          const expected = synthesisBaseMs + synthesisMsPerCharacter * 40;
          const costs = {
            ...priorCosts,
            msPerToken,
            synthesisBaseMs,
            synthesisMsPerCharacter,
            synthesisErrorMs: (spread * expected) / 2,
          };
          const scenario = { reply, firstTokenMs: 150, costs, jitter: jitter(spread) };
          return {
            scenario,
            isSustainable:
              costs.audioMsPerCharacter > synthesisMsPerCharacter + synthesisBaseMs / 150 &&
              costs.audioMsPerCharacter > msPerToken / costs.charactersPerToken,
            best: optimum(scenario),
            deadline: simulate(scenario, "deadline"),
            static: simulate(scenario, "static"),
          };
        }),
      ),
    ),
  );
}

/** A repeatable disturbance between 1 − spread and 1 + spread: the fractional parts of multiples of the golden ratio. */
function jitter(spread: number): (n: number) => number {
  return (n) => 1 + spread * (2 * ((n * 0.618_033_988_749_895) % 1) - 1);
}
