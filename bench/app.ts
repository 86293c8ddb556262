import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { latencyFilterSchema } from "../src/shared/app-contract.ts";
import { appFigures, type AppMeasurement } from "./app/app-figures.ts";
import { measureChromium } from "./app/chromium.ts";
import { Host } from "./app/host.ts";
import { BenchPage } from "./app/page.ts";
import { measureCapture, measureMemory, measureReplies } from "./app/phases.ts";
import { describe } from "./figures.ts";
import { commit, describeMachine, versions } from "./machine.ts";

/**
 * The app around the models, on the demo pack, over the real browser host in one run:
 * `npm run bench:app -- [--turns 200] [--json FILE]`. What is measured and how stands in bench/README.md.
 */
const { values } = parseArgs({
  options: { turns: { type: "string", default: "200" }, json: { type: "string" } },
});
const turns = Number(values.turns);
if (!Number.isInteger(turns) || turns < 8) throw new Error("--turns takes a whole number of at least 8.");
/** Short runs weigh more often and warm up less, so that they have a slope too. It means little then. */
const every = Math.max(1, Math.min(20, Math.floor(turns / 10)));
const warmTurns = Math.min(50, Math.floor(turns / 4));
const CAPTURE_BLOCKS = 150;
const REPLIES = 20;

const root = fileURLToPath(new URL("../", import.meta.url));
const machine = describeMachine();
const progress = (line: string): void => void process.stderr.write(`${line}\n`);
const measured = await measure();
const figures = appFigures(measured);
const report = {
  date: new Date().toISOString(),
  command: `npm run bench:app -- --turns ${turns}`,
  commit: commit(root),
  machine,
  versions: versions(root, ["onnxruntime-node", "ws", "playwright-core"]),
  models: "resources/models/nano, fp32, CPU",
  figures,
  measured,
};
console.log(
  `${machine.cpu}, ${machine.cores} cores, load ${machine.loadBefore?.toFixed(1)} before; Node ${process.version}\n`,
);
console.log(describe(figures));
if (measured.page === null)
  console.log("No Chromium found (CHROMIUM_PATH names one): no figures of a real page.");
if (measured.memory.length === 0) console.log("No /proc here: memory was not measured.");
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);

async function measure(): Promise<AppMeasurement> {
  await using host = await Host.start();
  let page = await BenchPage.open(host.origin, host.cookie);
  const captureMs = await measureCapture(host, page, CAPTURE_BLOCKS);
  progress("capture measured");
  const replies = await measureReplies(host, page, Math.min(REPLIES, turns));
  progress("replies measured");
  const memory = await measureMemory(host, page, turns, every, (turn) =>
    progress(`turn ${turn} of ${turns}`),
  );
  // Two pages would both play, and both would say when it was heard.
  page[Symbol.dispose]();
  const times = await measureChromium(host);
  page = await BenchPage.open(host.origin, host.cookie);
  const { records } = await page.client.call("latency.list", latencyFilterSchema.parse({}));
  page[Symbol.dispose]();
  // Newest first; a page that was not there asked nothing.
  return {
    captureMs,
    replies,
    memory,
    warmTurns,
    page: times,
    pageRecords: records.slice(0, times?.turns ?? 0),
  };
}
