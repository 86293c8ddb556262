import { existsSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { z } from "zod";
import { AppError } from "../../shared/errors.ts";
import type { ProviderId } from "./services.ts";

/** File-name suffixes of the precisions, as the hub's ONNX repositories use them (transformers.js utils/dtypes.js). */
const suffixes: ReadonlyMap<string, string> = new Map([
  ["fp32", ""],
  ["fp16", "_fp16"],
  ["q8", "_quantized"],
  ["int8", "_int8"],
  ["uint8", "_uint8"],
  ["q4", "_q4"],
  ["q4f16", "_q4f16"],
  ["q8f16", "_q8f16"],
  ["uint8f16", "_uint8f16"],
  ["bnb4", "_bnb4"],
]);

/** Processors compute in single precision, so half-precision files only cost them conversions. */
const cpuOrder = ["fp32", "q4", "q8", "int8", "uint8", "fp16", "q4f16", "q8f16", "uint8f16", "bnb4"];
const gpuOrder = ["q4f16", "fp16", "q4", "fp32", "q8", "int8", "uint8", "q8f16", "uint8f16", "bnb4"];

/** Where else to look when a repository does not have one of its graphs in the wanted precision. */
const nearest: Readonly<Record<string, readonly string[]>> = {
  q4f16: ["q4", "fp16", "fp32"],
  q4: ["q4f16", "q8", "fp32"],
  fp16: ["fp32"],
  q8: ["int8", "uint8", "fp32"],
};

export interface GraphFile {
  readonly path: string;
  readonly dtype: string;
}

export interface GraphChoice {
  /** Precision asked for; absent takes the first present in the provider's order of preference. */
  readonly dtype?: string | undefined;
  readonly provider: ProviderId;
  /** True lets a graph that the repository lacks in `dtype` come in its nearest precision. */
  readonly lenient?: boolean;
}

/**
 * Finds `onnx/<stem><suffix>.onnx` in a model folder.
 * Throws AppError: bad-input (a precision that does not exist), model-missing (no such file; says what is there).
 */
export function findGraph(modelDir: string, stem: string, choice: GraphChoice): GraphFile {
  const { dtype, provider, lenient = false } = choice;
  if (dtype !== undefined && !suffixes.has(dtype)) {
    throw new AppError(
      "bad-input",
      `"${dtype}" is not a precision. Known: ${[...suffixes.keys()].join(", ")}.`,
    );
  }
  const order = provider === "cpu" || provider === "auto" ? cpuOrder : gpuOrder;
  const wanted = dtype === undefined ? order : [dtype, ...(lenient ? (nearest[dtype] ?? []) : [])];
  const found = wanted.map((name) => graphFile(modelDir, stem, name)).find(({ path }) => existsSync(path));
  if (found) return found;
  const present = [...suffixes.keys()].filter((name) => existsSync(graphFile(modelDir, stem, name).path));
  throw new AppError(
    "model-missing",
    `${join(modelDir, "onnx")} has no ${stem} graph${dtype === undefined ? "" : ` in precision ${dtype}`}` +
      `${present.length > 0 ? ` (present: ${present.join(", ")})` : ""}. Download the model again.`,
    { details: { modelDir, stem, dtype, present } },
  );
}

function graphFile(modelDir: string, stem: string, dtype: string): GraphFile {
  return { path: join(modelDir, "onnx", `${stem}${suffixes.get(dtype)}.onnx`), dtype };
}

/** Name of a model for people: its folder's name. */
export function modelNameOf(modelDir: string): string {
  return basename(modelDir);
}

/**
 * Reads a JSON file of the model folder.
 * Throws AppError: model-missing (no folder, no file), model-corrupt (not JSON, not an object), file-unreadable.
 */
export function readModelJson(modelDir: string, file: string): Record<string, unknown> {
  if (!statSync(modelDir, { throwIfNoEntry: false })?.isDirectory()) {
    throw new AppError(
      "model-missing",
      `The model folder ${modelDir} does not exist. Download the model again.`,
      {
        details: { modelDir },
      },
    );
  }
  const path = join(modelDir, file);
  if (!existsSync(path)) {
    throw new AppError(
      "model-missing",
      `${modelDir} is not a complete model folder: ${file} is missing. Download the model again, or choose the ` +
        "folder that holds it.",
      { details: { modelDir, file } },
    );
  }
  const parsed = jsonObject.safeParse(parseJson(path, readText(path)));
  if (!parsed.success) throw corruptJson(path, parsed.error);
  return parsed.data;
}

const jsonObject = z.record(z.string(), z.unknown());

/**
 * Reads config.json and makes sure that it describes the architecture this place needs.
 * Throws like `readModelJson`, and model-wrong when `model_type` is another one.
 */
export function readModelConfig(
  modelDir: string,
  expected: { readonly modelType: string; readonly product: string },
): Record<string, unknown> {
  const config = readModelJson(modelDir, "config.json");
  if (config["model_type"] !== expected.modelType) {
    throw new AppError(
      "model-wrong",
      `${modelDir} holds a model of type "${String(config["model_type"])}", not ${expected.product} ` +
        `("${expected.modelType}"). Choose the ${expected.product} folder.`,
      { details: { modelDir, modelType: config["model_type"] } },
    );
  }
  return config;
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new AppError("file-unreadable", `${path} cannot be read. Check its permissions.`, {
      cause,
      details: { path },
    });
  }
}

function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw corruptJson(path, cause);
  }
}

function corruptJson(path: string, cause: unknown): AppError {
  return new AppError(
    "model-corrupt",
    `${path} is damaged or incomplete. Delete it and download the model again.`,
    {
      cause,
      details: { path },
    },
  );
}
