import { parseArgs } from "node:util";
import { AppError } from "../../shared/errors.ts";
import { voices } from "../../shared/voices.ts";
import type { Sampling } from "../models/services.ts";
import { readSampling } from "./sampling.ts";

/** One thing the user says in a conversation on the command line. */
export type CliInput =
  | { readonly type: "file"; readonly path: string }
  | { readonly type: "text"; readonly text: string };

export interface CommonOptions {
  readonly model: string;
  readonly isJson: boolean;
}

export interface AskOptions extends CommonOptions {
  readonly inputs: readonly CliInput[];
  readonly out: string | null;
  readonly voice: string;
  readonly speed: number;
  readonly system: string;
  readonly sampling: Sampling;
}

export interface TranscribeOptions extends CommonOptions {
  readonly paths: readonly string[];
  readonly language: string | null;
}

export interface LatencyOptions extends CommonOptions {
  readonly runs: number;
}

const modelActions = ["list", "add", "remove", "verify", "import"] as const;

export interface ModelsOptions {
  readonly action: (typeof modelActions)[number];
  /** An id of the list, or for `add` a repository of the hub; null for `list` only. */
  readonly name: string | null;
  /** Where `import` finds the files; null for the Hugging Face cache. */
  readonly folder: string | null;
  readonly dtype: string | null;
  readonly isJson: boolean;
}

export type Command =
  | { readonly name: "help"; readonly topic: string | null }
  | ({ readonly name: "ask" } & AskOptions)
  | ({ readonly name: "transcribe" } & TranscribeOptions)
  | ({ readonly name: "latency" } & LatencyOptions)
  | ({ readonly name: "providers" } & CommonOptions)
  | { readonly name: "models"; readonly options: ModelsOptions };

const common = {
  model: { type: "string", default: "nano" },
  json: { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
} as const;

/** Reads the command line. Throws `bad-input` with one sentence for anything it does not understand. */
export function readCommand(args: readonly string[]): Command {
  const [name, ...rest] = args;
  if (name === undefined || name === "help" || name === "--help" || name === "-h") {
    return { name: "help", topic: rest[0] ?? null };
  }
  try {
    switch (name) {
      case "ask":
        return readAsk(rest);
      case "transcribe":
        return readTranscribe(rest);
      case "latency":
        return readLatency(rest);
      case "providers":
        return readProviders(rest);
      case "models":
        return readModels(rest);
      default:
        throw new AppError("bad-input", `There is no command "${name}". See --help.`);
    }
  } catch (error) {
    // parseArgs explains itself in a sentence; the rest of its message is advice for programmers.
    const message = error instanceof Error ? error.message.split(". ")[0]! : String(error);
    throw error instanceof AppError ? error : new AppError("bad-input", `${message}.`, { cause: error });
  }
}

function readAsk(args: string[]): Command {
  const { values, tokens } = parseArgs({
    args,
    allowPositionals: true,
    tokens: true,
    options: {
      ...common,
      text: { type: "string", multiple: true },
      out: { type: "string", short: "o" },
      voice: { type: "string", default: "af_heart" },
      speed: { type: "string", default: "1" },
      system: { type: "string", default: "" },
      sampling: { type: "string" },
    },
  });
  if (values.help) return { name: "help", topic: "ask" };
  // Files and texts are turns in the order in which they were written.
  const inputs = tokens.flatMap((token): CliInput[] => {
    if (token.kind === "positional") return [{ type: "file", path: token.value }];
    if (token.kind === "option" && token.name === "text") return [{ type: "text", text: token.value ?? "" }];
    return [];
  });
  if (inputs.length === 0)
    throw new AppError("bad-input", 'Name a wav file, or type a question with --text "…".');
  if (inputs.some((input) => input.type === "text" && input.text.trim() === "")) {
    throw new AppError("bad-input", "--text is empty. Type a question.");
  }
  const { voice } = values;
  if (!voices.some(({ id }) => id === voice)) {
    throw new AppError(
      "bad-input",
      `There is no voice "${voice}". There are, for example: af_heart, am_michael, bf_emma.`,
    );
  }
  return {
    name: "ask",
    inputs,
    out: readOut(values.out, values.json),
    voice,
    speed: readNumber("--speed", values.speed, 0.5, 2),
    system: values.system,
    sampling: readSampling(values.sampling, values.model),
    model: values.model,
    isJson: values.json,
  };
}

/** A person wants to hear the reply; a program that reads events says so if it wants the sound as well. */
function readOut(out: string | undefined, isJson: boolean): string | null {
  if (out === undefined) return isJson ? null : "reply.wav";
  return out === "none" ? null : out;
}

function readTranscribe(args: string[]): Command {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { ...common, language: { type: "string", short: "l" } },
  });
  if (values.help) return { name: "help", topic: "transcribe" };
  if (positionals.length === 0) throw new AppError("bad-input", "Name a wav file to transcribe.");
  const language = values.language ?? null;
  if (language !== null && !/^[a-z]{2}$/u.test(language)) {
    throw new AppError("bad-input", `"${language}" is not a language code such as en, fr or de.`);
  }
  return { name: "transcribe", paths: positionals, language, model: values.model, isJson: values.json };
}

function readLatency(args: string[]): Command {
  const { values } = parseArgs({ args, options: { ...common, runs: { type: "string", default: "20" } } });
  if (values.help) return { name: "help", topic: "latency" };
  const runs = readNumber("--runs", values.runs, 1, 1_000);
  if (!Number.isInteger(runs)) throw new AppError("bad-input", "--runs takes a whole number.");
  return { name: "latency", runs, model: values.model, isJson: values.json };
}

function readProviders(args: string[]): Command {
  const { values } = parseArgs({ args, options: common });
  if (values.help) return { name: "help", topic: "providers" };
  return { name: "providers", model: values.model, isJson: values.json };
}

function readModels(args: string[]): Command {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { dtype: { type: "string" }, json: common.json, help: common.help },
  });
  if (values.help) return { name: "help", topic: "models" };
  const [verb = "list", name = null, folder = null] = positionals;
  const action = modelActions.find((known) => known === verb);
  if (!action) throw new AppError("bad-input", `models can ${modelActions.join(", ")}, not "${verb}".`);
  if (action !== "list" && name === null) {
    throw new AppError("bad-input", `Name a model: "npm run models -- list" shows them.`);
  }
  return {
    name: "models",
    options: { action, name, folder, dtype: values.dtype ?? null, isJson: values.json },
  };
}

function readNumber(option: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= min && value <= max)) {
    throw new AppError("bad-input", `${option} takes a number from ${min} to ${max}, not "${text}".`);
  }
  return value;
}
