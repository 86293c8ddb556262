import { writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { decodeFile, openEngine } from "../src/main/cli/session.ts";
import { agreement, describe, figuresOf, type Round } from "./figures.ts";
import { commit, describeMachine, versions } from "./machine.ts";
import { Peer } from "./peers/peer.ts";
import type { PeerTurn } from "./peers/pipeline.ts";
import { converse, decodeAlone } from "./product.ts";
import { RawDecoder } from "./raw/raw-decoder.ts";

/**
 * Parley against the straightforward pipeline and against bare session runs, on the demo pack, in one run:
 * `npm run bench -- [--rounds 5] [--json FILE]`. What is measured and how stands in bench/README.md.
 */
const { values } = parseArgs({
  options: { rounds: { type: "string", default: "5" }, json: { type: "string" } },
});
const rounds = Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 1) throw new Error("--rounds takes a whole number of at least 1.");

const root = fileURLToPath(new URL("../", import.meta.url));
const pack = path.join(root, "resources", "models", "nano");
const questions = ["capital-of-france", "five-plus-six", "biggest-planet", "who-are-you", "days-of-the-week"];
const STORY = "Tell me a story.";

const engine = openEngine("nano");
await engine.ready;
const peer = await Peer.start({ packFolder: pack, voice: "af_heart", maxNewTokens: 110 });
const raw = new RawDecoder();
const measured: Round[] = [];
const machine = describeMachine();
try {
  const recordings: Float32Array[] = [];
  for (const name of questions) {
    const { samples } = await decodeFile(engine, path.join(root, "samples", `${name}.wav`));
    recordings.push(samples);
  }
  for (let round = 0; round <= rounds; round++) {
    const product = await converse(engine, recordings);
    const decode = await decodeAlone(engine, STORY);
    const { stepsMs: rawStepsMs } = await raw.run({
      modelDir: path.join(pack, "voxtral"),
      prompt: decode.promptTokens,
      steps: decode.stepsMs.length,
    });
    await peer.restart();
    const turns: PeerTurn[] = [];
    for (const recording of recordings) turns.push(await peer.ask(recording));
    // The first round warms everything up and does not count.
    if (round > 0) measured.push({ product, peer: turns, decode, rawStepsMs });
    process.stderr.write(round === 0 ? "warm\n" : `round ${round} of ${rounds}\n`);
  }
} finally {
  await Promise.all([engine.dispose(), peer.stop(), raw.stop()]);
}

const figures = figuresOf(measured);
const same = agreement(measured);
const report = {
  date: new Date().toISOString(),
  command: `npm run bench -- --rounds ${rounds}`,
  commit: commit(root),
  machine,
  versions: versions(root, ["onnxruntime-node", "@huggingface/transformers", "kokoro-js"]),
  models: "resources/models/nano, fp32, CPU",
  questions,
  sameReplies: same,
  figures,
  rounds: measured,
};
console.log(
  `${machine.cpu}, ${machine.cores} cores, load ${machine.loadBefore?.toFixed(1)} before; Node ${process.version}`,
);
console.log(
  `medians of ${rounds} interleaved rounds of ${questions.length} turns, warm; same reply as the peer in ${same.equal} of ${same.turns} turns\n`,
);
console.log(describe(figures));
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);
