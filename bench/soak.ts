import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { WebSocket } from "ws";
import { webSocketPort } from "../src/shared/ports/web-socket.ts";
import { Host } from "./app/host.ts";
import { readProcesses } from "./app/processes.ts";
import { describe } from "./figures.ts";
import { commit, describeMachine, versions } from "./machine.ts";
import { soakPlan } from "./soak/plan.ts";
import { spokenQuestions } from "./soak/questions.ts";
import { soak } from "./soak/soak.ts";
import { soakFigures, type SoakReading } from "./soak/soak-figures.ts";
import { SoakPage } from "./soak/soak-page.ts";

/**
 * Hundreds of turns and twice as many interruptions through the real app and the demo pack (R63):
 * `npm run soak -- [--turns 500] [--interruptions 1000] [--seed 1] [--json FILE]`. Exit code 1 when a turn got stuck,
 * or anything else happened that should not.
 */
const { values } = parseArgs({
  options: {
    turns: { type: "string", default: "500" },
    interruptions: { type: "string" },
    seed: { type: "string", default: "1" },
    json: { type: "string" },
  },
});
const turns = atLeast("turns", values.turns, 1);
const interruptions = atLeast("interruptions", values.interruptions ?? String(2 * turns), 0);
const seed = atLeast("seed", values.seed, 0);

const machine = describeMachine();
const root = fileURLToPath(new URL("../", import.meta.url));
const plan = soakPlan(turns, interruptions, seed);
const everySteps = Math.max(1, Math.min(10, Math.floor(plan.length / 50)));
const readings: SoakReading[] = [];
const startedMs = performance.now();
const result = await run();
const figures = soakFigures(result, readings);
const report = {
  date: new Date().toISOString(),
  command: `npm run soak -- --turns ${turns} --interruptions ${interruptions} --seed ${seed}`,
  commit: commit(root),
  machine,
  versions: versions(root, ["onnxruntime-node", "ws"]),
  seconds: (performance.now() - startedMs) / 1000,
  figures,
  result,
  readings,
};
console.log(describe(figures));
for (const problem of result.problems) console.log(`PROBLEM: ${problem}`);
if (readings.length === 0) console.log("No /proc here: memory was not measured.");
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);
process.exitCode = result.problems.length > 0 || result.steps < plan.length ? 1 : 0;

async function run() {
  await using host = await Host.start();
  const url = `${host.origin.replace("http", "ws")}/session/socket?view=main`;
  const headers = { origin: host.origin, cookie: host.cookie };
  using page = new SoakPage(webSocketPort(new WebSocket(url, { headers })));
  await page.begin();
  const done = await soak(page, plan, spokenQuestions(), (step) => {
    if (step % everySteps > 0) return;
    const processes = readProcesses(host.pid);
    if (processes) readings.push({ step, processes });
    if (step % 50 === 0)
      process.stderr.write(`step ${step} of ${plan.length}, ${page.problems.length} problems\n`);
  });
  // Not returned at once: the page and the host would be closed before.
  return done;
}

function atLeast(name: string, text: string, least: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least) return value;
  throw new Error(`--${name} takes a whole number of at least ${least}.`);
}
