/**
 * Asks the models of an unpacked package a question: `node ask-packaged.ts FOLDER`, where FOLDER is a folder named app.asar
 * with all that is in the archive. Its own built code runs, from its own node_modules, in processes of its own.
 */
import path from "node:path";
import { pathToFileURL } from "node:url";
import type * as Choice from "../../src/main/app/model-choice.ts";
import type * as Machine from "../../src/main/models/providers/machine.ts";
import type * as Engine from "../../src/main/models/engine.ts";

const main = path.join(process.argv[2]!, "out", "main");
const urlOf = (file: string): URL => pathToFileURL(path.join(main, file));
const { modelChoice } = (await import(urlOf("app/model-choice.js").href)) as typeof Choice;
const { startEngine } = (await import(urlOf("models/engine.js").href)) as typeof Engine;
const { readMachine } = (await import(urlOf("models/providers/machine.js").href)) as typeof Machine;

const { models } = modelChoice({ active: "nano", provider: "cpu", threads: 0 });
const engine = startEngine({ models });
try {
  const { voxtral, kokoro } = await engine.ready;
  const words = await engine.voxtral.call("tokenize", { text: "Hello there." });
  const parts = engine.kokoro.stream("synthesize", {
    text: "Hello there.",
    voice: "af_heart",
    speed: 1,
    isLast: true,
  });
  let samples = 0;
  for await (const part of parts) if ("pcm" in part) samples += part.pcm.length;
  const folders = [models.voxtral.modelDir, readMachine().installedLibraries];
  const voices = kokoro.voices.length;
  console.log(JSON.stringify({ folders, steps: voxtral.stepMs > 0, voices, words, samples }));
} finally {
  await engine.dispose();
}
