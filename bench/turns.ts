import { writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { decodeFile, openEngine } from "../src/main/cli/session.ts";
import { describe } from "./figures.ts";
import { commit, describeMachine, versions } from "./machine.ts";
import { SpokenConversation } from "./turns/conversation.ts";
import { COMPARED_TURNS, turnFigures, turnTable, type TurnRound } from "./turns/turn-figures.ts";

/**
 * What a turn costs in a long spoken conversation: `npm run bench:turns -- [--turns 50] [--rounds 3] [--json FILE]`. The
 * real listener and voxtral processes on the demo pack; speech is left out. What is measured stands in bench/README.md.
 */
const { values } = parseArgs({
  options: {
    turns: { type: "string", default: "50" },
    rounds: { type: "string", default: "3" },
    json: { type: "string" },
  },
});
const turns = Number(values.turns);
const rounds = Number(values.rounds);
if (!Number.isInteger(turns) || turns <= COMPARED_TURNS) {
  throw new Error(`--turns takes a whole number above ${COMPARED_TURNS}.`);
}
if (!Number.isInteger(rounds) || rounds < 1) throw new Error("--rounds takes a whole number of at least 1.");

const root = fileURLToPath(new URL("../", import.meta.url));
const questions = ["capital-of-france", "five-plus-six", "biggest-planet", "who-are-you", "days-of-the-week"];

const engine = openEngine("nano");
await engine.ready;
const machine = describeMachine();
const measured: TurnRound[] = [];
try {
  const recordings: Float32Array[] = [];
  for (const name of questions) {
    recordings.push((await decodeFile(engine, path.join(root, "samples", `${name}.wav`))).samples);
  }
  const recording = (turn: number): Float32Array => recordings[turn % recordings.length]!;
  /** The second turn of a conversation of its own. */
  const secondTurn = async (question: number) => {
    const short = new SpokenConversation(engine);
    await short.ask(recording(question));
    const second = await short.ask(recording(question + 1));
    short.forget();
    return second;
  };
  const playRound = async (): Promise<TurnRound> => {
    const long = new SpokenConversation(engine);
    const round: TurnRound = { turns: [], second: [] };
    for (let turn = 1; turn <= turns; turn++) {
      round.turns.push(await long.ask(recording(turn)));
      if (turn <= turns - COMPARED_TURNS) continue;
      round.second.push(await secondTurn(turn));
      await long.ready();
    }
    long.forget();
    return round;
  };
  // It warms everything up and does not count.
  await secondTurn(0);
  for (let round = 1; round <= rounds; round++) {
    measured.push(await playRound());
    process.stderr.write(`round ${round} of ${rounds}\n`);
  }
} finally {
  await engine.dispose();
}

const figures = turnFigures(measured);
console.log(
  `${machine.cpu}, ${machine.cores} cores, load ${machine.loadBefore?.toFixed(1)} before; Node ${process.version}`,
);
console.log(`${rounds} conversations of ${turns} spoken turns, medians\n`);
console.log(`${turnTable(measured)}\n`);
console.log(describe(figures));
if (values.json !== undefined) {
  const report = {
    date: new Date().toISOString(),
    command: `npm run bench:turns -- --turns ${turns} --rounds ${rounds}`,
    commit: commit(root),
    machine,
    versions: versions(root, ["onnxruntime-node"]),
    models: "resources/models/nano, fp32, CPU",
    questions,
    figures,
    rounds: measured,
  };
  writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);
}
