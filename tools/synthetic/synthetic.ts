import { readdirSync, statSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { decoderParameters, scaleNamed } from "./scales.ts";
import { syntheticDtype, writeModels } from "./write-models.ts";

/**
 * Writes models of any size with random weights, for measuring speed and memory without a download:
 * `npm run synthetic -- --scale 300m --out DIR [--dtype q4|q4f16] [--layers N] [--hidden N] [--seed TEXT]`,
 * then `npm run ask -- --model DIR …`.
 */
const { values } = parseArgs({
  options: {
    scale: { type: "string", default: "ci" },
    out: { type: "string" },
    dtype: { type: "string", multiple: true, default: ["q4"] },
    layers: { type: "string" },
    hidden: { type: "string" },
    seed: { type: "string", default: "1" },
  },
});
if (values.out === undefined) throw new Error("--out names the folder to write to.");
const base = scaleNamed(values.scale);
const voxtral = {
  ...base,
  layers: whole("layers", values.layers, base.layers, 1),
  hiddenSize: whole("hidden", values.hidden, base.hiddenSize, 32),
};
const folder = path.resolve(values.out);
const dtypes = values.dtype.map(syntheticDtype);
writeModels(folder, { voxtral, dtypes, width: values.scale === "ci" ? 1 / 16 : 1, seed: values.seed });
const bytes = readdirSync(folder, { recursive: true, encoding: "utf8" })
  .map((file) => statSync(path.join(folder, file)))
  .reduce((sum, stat) => sum + (stat.isFile() ? stat.size : 0), 0);
const millions = Math.round(decoderParameters(voxtral) / 1e6);
console.log(`${folder}: ${(bytes / 1e6).toFixed(0)} MB, a decoder of ${millions} million weights.`);

function whole(name: string, given: string | undefined, otherwise: number, multiple: number): number {
  const value = given === undefined ? otherwise : Number(given);
  if (Number.isInteger(value) && value > 0 && value % multiple === 0) return value;
  throw new Error(`--${name} takes a whole number, a multiple of ${multiple}.`);
}
