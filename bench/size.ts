import { fork } from "node:child_process";
import { existsSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { childEnv } from "../src/main/models/child-env.ts";
import { modelProvider } from "./size/provider.ts";
import { scaleNamed } from "../tools/synthetic/scales.ts";
import { writeModels } from "../tools/synthetic/write-models.ts";
import { describe } from "./figures.ts";
import { commit, describeMachine, versions } from "./machine.ts";
import { between, measureFloor } from "./size/floor.ts";
import { measureOwn } from "./size/own.ts";
import type { PeerTask, PeerTimes } from "./size/peer-process.ts";
import { sizeFigures } from "./size/size-figures.ts";

/**
 * Speed and memory at real size, with random weights: `npm run bench:size -- [--scale 300m] [--provider cpu] [--rounds 3]
 * [--dir DIR] [--json FILE]`. Parley's decoder, transformers.js on the same files, and what the machine can do at best.
 */
const { values } = parseArgs({
  options: {
    scale: { type: "string", default: "300m" },
    provider: { type: "string", default: "cpu" },
    rounds: { type: "string", default: "3" },
    dir: { type: "string" },
    json: { type: "string" },
  },
});
const scale = scaleNamed(values.scale);
const provider = modelProvider(values.provider);
const rounds = Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 1) throw new Error("--rounds takes a whole number of at least 1.");
const PROMPT_WORDS = 380;
const NEW_TOKENS = 33;

const machine = describeMachine();
const root = fileURLToPath(new URL("../", import.meta.url));
const folder = path.resolve(values.dir ?? path.join(tmpdir(), `parley-synthetic-${values.scale}`));
const isOurs = !existsSync(folder);
if (isOurs) writeModels(folder, { voxtral: scale, width: values.scale === "ci" ? 1 / 16 : 1, seed: "bench" });
try {
  // Different from their first word on, so that no round finds the one before it in the cache.
  const prompts = Array.from(
    { length: rounds + 1 },
    (_, round) => `${round} ${"of the six ".repeat(PROMPT_WORDS / 3)}`,
  );
  const question = path.join(root, "samples", "biggest-planet.wav");
  const before = await measureFloor(scale, PROMPT_WORDS);
  const own = await measureOwn({ folder, provider, prompts, newTokens: NEW_TOKENS, question });
  const floor = between(before, await measureFloor(scale, own.promptTokens));
  const peer = await measurePeer({ folder, promptTokens: own.promptTokens, newTokens: NEW_TOKENS, rounds });
  const files = bytesOf(path.join(folder, "voxtral"));
  const figures = sizeFigures({ own, peer, floor, scale, files, newTokens: NEW_TOKENS });
  console.log(
    `${machine.cpu}, ${machine.cores} cores, load ${machine.loadBefore?.toFixed(1)} before; Node ${process.version}`,
  );
  console.log(
    `${values.scale} on ${own.provider}, a prompt of ${own.promptTokens} positions, ${rounds} rounds, medians\n`,
  );
  console.log(describe(figures));
  if (values.json !== undefined) {
    const report = {
      date: new Date().toISOString(),
      command: `npm run bench:size -- --scale ${values.scale} --provider ${provider} --rounds ${rounds}`,
      commit: commit(root),
      machine,
      versions: versions(root, ["onnxruntime-node", "@huggingface/transformers"]),
      figures,
      own,
      peer,
      floor,
      files,
    };
    writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);
  }
} finally {
  if (isOurs) rmSync(folder, { recursive: true });
}

/** The peer in a process of its own, which has ended before anything else is measured. */
async function measurePeer(task: PeerTask): Promise<PeerTimes> {
  const entry = fileURLToPath(new URL("size/peer-process.ts", import.meta.url));
  const child = fork(entry, [], {
    env: childEnv(process.env),
    execArgv: [],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const { promise, resolve, reject } = Promise.withResolvers<PeerTimes>();
  child.once("exit", (code) => reject(new Error(`The peer ended with exit code ${code}.`)));
  child.once("message", (answer: { times?: PeerTimes; reason?: string }) => {
    if (answer.times) resolve(answer.times);
    else reject(new Error(`The peer failed: ${answer.reason}`));
  });
  child.send(task);
  try {
    return await promise;
  } finally {
    child.kill();
  }
}

function bytesOf(directory: string): number {
  return readdirSync(directory, { recursive: true, encoding: "utf8" })
    .map((file) => statSync(path.join(directory, file)))
    .reduce((sum, stat) => sum + (stat.isFile() ? stat.size : 0), 0);
}
