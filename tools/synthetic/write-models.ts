import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { writeDecoder } from "./decoder.ts";
import { writeEmbedding } from "./embedding.ts";
import { writeEncoder } from "./encoder.ts";
import type { VoxtralScale } from "./scales.ts";
import { writeSpeech, type SpeechScale } from "./speech.ts";

const pack = fileURLToPath(new URL("../../resources/models/nano/", import.meta.url));

/** Precisions of Voxtral's encoder and decoder, and what they compute in. */
const floatTypes = { q4: "float32", q4f16: "float16" } as const;
export type SyntheticDtype = keyof typeof floatTypes;

/** Throws an Error with the names there are. */
export function syntheticDtype(name: string): SyntheticDtype {
  if (name === "q4" || name === "q4f16") return name;
  throw new Error(`There is no precision ${name}; take ${Object.keys(floatTypes).join(" or ")}.`);
}

export interface SyntheticModels extends SpeechScale {
  readonly voxtral: VoxtralScale;
  /** Encoder and decoder are written once in each; q4 when absent. The embedding table is always q4, as in the repository. */
  readonly dtypes?: readonly SyntheticDtype[];
  /** Same seed, same bytes. */
  readonly seed: string;
}

/** Writes `<folder>/voxtral` and `<folder>/kokoro`, for `--model <folder>`. Tokenizers are the demo pack's. */
export function writeModels(
  folder: string,
  { voxtral, dtypes = ["q4"], width, seed }: SyntheticModels,
): void {
  writeVoxtral(path.join(folder, "voxtral"), { scale: voxtral, dtypes, seed });
  const kokoro = begun(path.join(folder, "kokoro"), "kokoro", [
    "config.json",
    "tokenizer.json",
    "tokenizer_config.json",
  ]);
  writeSpeech(path.join(kokoro, "onnx", "model.onnx"), { width }, seed);
}

interface SyntheticVoxtral {
  readonly scale: VoxtralScale;
  readonly dtypes: readonly SyntheticDtype[];
  readonly seed: string;
}

/** Writes one Voxtral. Throws what the file system throws. */
function writeVoxtral(target: string, { scale, dtypes, seed }: SyntheticVoxtral): void {
  const folder = begun(target, "voxtral", [
    "chat_template.jinja",
    "generation_config.json",
    "preprocessor_config.json",
    "special_tokens_map.json",
    "tokenizer.json",
    "tokenizer_config.json",
  ]);
  const graph = (name: string): string => path.join(folder, "onnx", name);
  const speakable = wordIds();
  const shards: Record<string, number> = {
    "embed_tokens_q4.onnx": writeEmbedding(graph("embed_tokens_q4.onnx"), scale, seed),
  };
  for (const dtype of dtypes) {
    const floatType = floatTypes[dtype];
    const [encoder, decoder] = [`audio_encoder_${dtype}.onnx`, `decoder_model_merged_${dtype}.onnx`];
    shards[encoder] = writeEncoder(graph(encoder), scale, { seed, floatType });
    shards[decoder] = writeDecoder(graph(decoder), { scale, seed, floatType, speakable });
  }
  writeFileSync(path.join(folder, "config.json"), `${JSON.stringify(configOf(scale, shards), null, 2)}\n`);
}

function begun(folder: string, kind: "voxtral" | "kokoro", files: readonly string[]): string {
  mkdirSync(path.join(folder, "onnx"), { recursive: true });
  for (const file of files) copyFileSync(path.join(pack, kind, file), path.join(folder, file));
  return folder;
}

const configSchema = z.looseObject({ audio_config: z.looseObject({}), text_config: z.looseObject({}) });
const tokenizerSchema = z.looseObject({
  model: z.looseObject({ vocab: z.record(z.string(), z.number().int()) }),
});

/** Ids of the demo pack's tokenizer that are a word by themselves: what is said is to be sayable. */
function wordIds(): ReadonlySet<number> {
  const file = path.join(pack, "voxtral", "tokenizer.json");
  const { vocab } = tokenizerSchema.parse(JSON.parse(readFileSync(file, "utf8"))).model;
  // "Ġ" stands for the space before a word in byte-level vocabularies.
  return new Set(Object.entries(vocab).flatMap(([token, id]) => (/^Ġ[a-z]{2,}$/u.test(token) ? [id] : [])));
}

/** The demo pack's config.json with these sizes, and the number of weight files as transformers.js wants it. */
function configOf(scale: VoxtralScale, shards: Readonly<Record<string, number>>): object {
  const config = configSchema.parse(
    JSON.parse(readFileSync(path.join(pack, "voxtral", "config.json"), "utf8")),
  );
  const external = Object.fromEntries(Object.entries(shards).filter(([, count]) => count > 0));
  return {
    ...config,
    hidden_size: scale.hiddenSize,
    audio_config: {
      ...config.audio_config,
      head_dim: scale.encoderSize / scale.encoderHeads,
      hidden_size: scale.encoderSize,
      intermediate_size: 4 * scale.encoderSize,
      num_attention_heads: scale.encoderHeads,
      num_key_value_heads: scale.encoderHeads,
      num_hidden_layers: scale.encoderLayers,
    },
    text_config: {
      ...config.text_config,
      head_dim: scale.headSize,
      hidden_size: scale.hiddenSize,
      intermediate_size: scale.intermediateSize,
      max_position_embeddings: scale.positions,
      num_attention_heads: scale.heads,
      num_hidden_layers: scale.layers,
      num_key_value_heads: scale.kvHeads,
      vocab_size: scale.vocabulary,
    },
    "transformers.js_config": {
      dtype: "q4",
      use_external_data_format: external,
      kv_cache_dtype: { q4f16: "float16" },
    },
  };
}
