import { createHash } from "node:crypto";
import { readdir, stat } from "node:fs/promises";
import path from "node:path";
import { AppError } from "../../shared/errors.ts";
import type { CatalogueFile, CatalogueModel, ModelKind } from "./catalogue.ts";
import type { Hub } from "./hub.ts";

/** Suffixes of the precisions, as ONNX repositories on the hub name their files (transformers.js, utils/dtypes.js). */
const suffixes: Readonly<Record<string, string>> = {
  q4f16: "_q4f16",
  q4: "_q4",
  fp16: "_fp16",
  fp32: "",
  q8: "_quantized",
};
/** The graphs of each kind of model. Those after the first may come in another precision than was asked for. */
const graphs: Readonly<Record<ModelKind, readonly string[]>> = {
  voxtral: ["decoder_model_merged", "audio_encoder", "embed_tokens"],
  kokoro: ["model"],
};
const nearest: Readonly<Record<string, readonly string[]>> = {
  q4f16: ["q4", "fp16", "fp32"],
  q4: ["q4f16", "q8", "fp32"],
  fp16: ["fp32"],
  fp32: ["fp16"],
  q8: ["fp32"],
};
const textFiles =
  /^(config|generation_config|preprocessor_config|special_tokens_map|tokenizer|tokenizer_config)\.json$/u;
/** A cautious guess: weights once, and as much again for what a conversation adds to a model of this size. */
const WORK_SHARE = 1.5;

/**
 * Any repository of the hub with the files of a Voxtral or a Kokoro: what to download of it in `dtype`, or in the first
 * precision it has. Throws `model-wrong` for a repository that is neither, and the hub's errors.
 */
export async function customModel(
  hub: Hub,
  request: { readonly repo: string; readonly revision?: string; readonly dtype?: string },
  signal: AbortSignal,
): Promise<CatalogueModel> {
  const { repo, revision = "main" } = request;
  if (!/^[\w.-]+\/[\w.-]+$/u.test(repo)) {
    throw new AppError("bad-input", `"${repo}" is no repository's name. Write owner/name.`);
  }
  const files = await hub.files(repo, revision, signal);
  const { kind, dtype, chosen } = choice(files, repo, request.dtype);
  return {
    ...common(chosen),
    id: `${repo.replace("/", "--")}-${dtype}`.slice(0, 64),
    kind,
    name: `${repo} · ${dtype}`,
    note: "Added by you.",
    repo,
    revision,
    licence: "see its page",
    dtype,
  };
}

/**
 * A folder of this machine with the files of a Voxtral or a Kokoro, laid out as repositories are: config.json and what
 * belongs to it, graphs in `onnx/`. Throws `file-unreadable`, and as `customModel` for what is no such folder.
 */
export async function folderModel(given: string, wanted?: string): Promise<CatalogueModel> {
  const folder = path.resolve(given);
  const files = await filesOf(folder);
  const { kind, dtype, chosen } = choice(files, folder, wanted);
  const plain = path.basename(folder).replaceAll(/[^\w.-]+/gu, "-");
  // Folders of the same name are told apart by where they are.
  const place = createHash("sha256").update(folder).digest("hex").slice(0, 6);
  const name = `${plain.slice(0, 40)}-${place}`;
  return {
    ...common(chosen),
    id: `${name}-${dtype}`,
    kind,
    name: `${path.basename(folder).slice(0, 100)} · ${dtype}`,
    note: "From a folder of yours.",
    repo: `local/${name}`,
    revision: "local",
    licence: "as where you got it",
    dtype,
    folder,
  };
}

/** Its texts and everything in `onnx/`, with sizes. */
async function filesOf(folder: string): Promise<readonly CatalogueFile[]> {
  const listed = async (inside: string): Promise<CatalogueFile[]> => {
    const names = await readdir(path.join(folder, inside));
    const found = names.map(async (name) => {
      const { size } = await stat(path.join(folder, inside, name));
      return { path: inside === "" ? name : `${inside}/${name}`, bytes: size };
    });
    return await Promise.all(found);
  };
  try {
    return [...(await listed("")), ...(await listed("onnx").catch(() => []))];
  } catch (cause) {
    throw new AppError("file-unreadable", `${folder} cannot be read. Name a folder of this machine.`, {
      cause,
    });
  }
}

interface Choice {
  readonly kind: ModelKind;
  readonly dtype: string;
  readonly chosen: readonly CatalogueFile[];
}

/** What of these files makes a model, in the precision that is wanted or the first there is. */
function choice(files: readonly CatalogueFile[], place: string, wanted?: string): Choice {
  const kind = (["voxtral", "kokoro"] as const).find(
    (known) => graphFiles(files, graphs[known][0]!).length > 0,
  );
  if (!kind) {
    throw new AppError(
      "model-wrong",
      `${place} has neither Voxtral's graphs (onnx/decoder_model_merged…) nor Kokoro's (onnx/model…).`,
    );
  }
  const dtypes = Object.keys(suffixes).filter(
    (dtype) => graphFiles(files, graphs[kind][0]!, dtype).length > 0,
  );
  const dtype = wanted ?? dtypes[0];
  if (dtype === undefined || !dtypes.includes(dtype)) {
    throw new AppError(
      "bad-input",
      `${place} has no ${dtype ?? "known"} precision. It has: ${dtypes.join(", ")}.`,
    );
  }
  const found = graphs[kind].flatMap((stem) => nearestFiles(files, stem, dtype, place));
  return { kind, dtype, chosen: [...files.filter(({ path: file }) => textFiles.test(file)), ...found] };
}

/** What nobody says about a model of one's own. */
function common(files: readonly CatalogueFile[]): Pick<CatalogueModel, "files" | "memoryBytes" | "fits"> {
  const bytes = files.reduce((sum, file) => sum + (file.bytes ?? 0), 0);
  return { files, memoryBytes: bytes * WORK_SHARE, fits: ["cpu", "gpu"] };
}

function nearestFiles(
  files: readonly CatalogueFile[],
  stem: string,
  dtype: string,
  place: string,
): readonly CatalogueFile[] {
  for (const at of [dtype, ...(nearest[dtype] ?? [])]) {
    const found = graphFiles(files, stem, at);
    if (found.length > 0) return found;
  }
  throw new AppError("model-wrong", `${place} has no ${stem} graph that goes with ${dtype}.`);
}

/** A graph with its external data, which may be in several files: `x.onnx`, `x.onnx_data`, `x.onnx_data_1`. */
function graphFiles(files: readonly CatalogueFile[], stem: string, dtype?: string): readonly CatalogueFile[] {
  const wanted = dtype === undefined ? Object.values(suffixes) : [suffixes[dtype]!];
  const names = wanted.map((suffix) => `onnx/${stem}${suffix}.onnx`);
  return files.filter(({ path: file }) =>
    names.some((name) => file === name || file.startsWith(`${name}_data`)),
  );
}
