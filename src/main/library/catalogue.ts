/** Which graphs a model has decides who may run it. */
export type ModelKind = "voxtral" | "kokoro";

export interface CatalogueFile {
  /** Inside the repository, with forward slashes. */
  readonly path: string;
  /** Null where the size is not published: the hub tells it. */
  readonly bytes: number | null;
}

/** One precision of one model: a choice a person can make, and exactly the files it needs. */
export interface CatalogueModel {
  readonly id: string;
  readonly kind: ModelKind;
  readonly name: string;
  /** What it is good for, in a sentence. */
  readonly note: string;
  /** `owner/name` on the hub. */
  readonly repo: string;
  /** A commit, a tag or a branch; whatever it is, one download takes all files from one commit. */
  readonly revision: string;
  /** SPDX identifier of the model card. */
  readonly licence: string;
  /** Precision to load it with; graphs the repository lacks in it come in the nearest one. */
  readonly dtype: string;
  readonly files: readonly CatalogueFile[];
  /** Memory it needs while it runs: its weights, once, and what a long conversation adds. */
  readonly memoryBytes: number;
  /** Where it runs well. */
  readonly fits: readonly ("cpu" | "gpu")[];
  /** Where its files come from when it is no repository of the hub: a folder of this machine, whose `repo` is made up. */
  readonly folder?: string | undefined;
}

const MB = 1_000_000;

const voxtral = {
  kind: "voxtral",
  repo: "onnx-community/Voxtral-Mini-3B-2507-ONNX",
  revision: "main",
  licence: "Apache-2.0",
} as const;

/** Sizes: the repository's file list, each reproduced from the model's dimensions (config.json). */
const voxtralText: readonly CatalogueFile[] = [
  { path: "config.json", bytes: 2_161 },
  { path: "generation_config.json", bytes: 107 },
  { path: "preprocessor_config.json", bytes: 357 },
  { path: "special_tokens_map.json", bytes: 414 },
  { path: "tokenizer.json", bytes: 12_603_078 },
  { path: "tokenizer_config.json", bytes: 178_296 },
];
const embedQ4: readonly CatalogueFile[] = [
  { path: "onnx/embed_tokens_q4.onnx", bytes: 542 },
  { path: "onnx/embed_tokens_q4.onnx_data", bytes: 251_658_240 },
];
const decoderQ4f16: readonly CatalogueFile[] = [
  { path: "onnx/decoder_model_merged_q4f16.onnx", bytes: 308_330 },
  { path: "onnx/decoder_model_merged_q4f16.onnx_data", bytes: 2_065_283_072 },
];

/** KV cache of 8 192 positions: 30 layers × 8 heads × 128 × 2 (config.json), 4 bytes each, and room for one run. */
const VOXTRAL_WORK_BYTES = 2_500 * MB;

const kokoro = {
  kind: "kokoro",
  repo: "onnx-community/Kokoro-82M-v1.0-ONNX",
  revision: "1939ad2a8e416c0acfeecc08a694d14ef25f2231",
  licence: "Apache-2.0",
} as const;

/** kokoro-js carries the voices; the model folder needs the graph and the table of its symbols. */
const kokoroText: readonly CatalogueFile[] = [
  { path: "config.json", bytes: null },
  { path: "tokenizer.json", bytes: null },
  { path: "tokenizer_config.json", bytes: null },
];
const KOKORO_WORK_BYTES = 400 * MB;

/** Everything Parley offers to download, best choice of each kind first. */
export const catalogue: readonly CatalogueModel[] = [
  {
    ...voxtral,
    id: "voxtral-mini-3b-q4f16",
    name: "Voxtral Mini 3B · 4-bit, half precision",
    note: "Smallest download, fastest on a graphics card.",
    dtype: "q4f16",
    files: [
      ...voxtralText,
      { path: "onnx/audio_encoder_q4f16.onnx", bytes: 403_958 },
      { path: "onnx/audio_encoder_q4f16.onnx_data", bytes: 383_696_896 },
      ...embedQ4,
      ...decoderQ4f16,
    ],
    memoryBytes: 2_714 * MB + VOXTRAL_WORK_BYTES,
    fits: ["gpu"],
  },
  {
    ...voxtral,
    id: "voxtral-mini-3b-q4",
    name: "Voxtral Mini 3B · 4-bit",
    note: "For processors, and for graphics cards without half precision.",
    dtype: "q4",
    files: [
      ...voxtralText,
      { path: "onnx/audio_encoder_q4.onnx", bytes: 401_545 },
      { path: "onnx/audio_encoder_q4.onnx_data", bytes: 440_238_080 },
      ...embedQ4,
      { path: "onnx/decoder_model_merged_q4.onnx", bytes: 306_657 },
      { path: "onnx/decoder_model_merged_q4.onnx_data", bytes: 2_073_260_032 },
      { path: "onnx/decoder_model_merged_q4.onnx_data_1", bytes: 251_658_240 },
    ],
    memoryBytes: 3_030 * MB + VOXTRAL_WORK_BYTES,
    fits: ["cpu", "gpu"],
  },
  {
    ...kokoro,
    id: "kokoro-82m-fp16",
    name: "Kokoro 82M · half precision",
    note: "As good as full precision, half the size; for graphics cards.",
    dtype: "fp16",
    files: [...kokoroText, { path: "onnx/model_fp16.onnx", bytes: null }],
    memoryBytes: 163 * MB + KOKORO_WORK_BYTES,
    fits: ["gpu"],
  },
  {
    ...kokoro,
    id: "kokoro-82m-fp32",
    name: "Kokoro 82M · full precision",
    note: "The original voice; the fastest one on most processors.",
    dtype: "fp32",
    files: [...kokoroText, { path: "onnx/model.onnx", bytes: null }],
    memoryBytes: 326 * MB + KOKORO_WORK_BYTES,
    fits: ["cpu", "gpu"],
  },
  {
    ...kokoro,
    id: "kokoro-82m-q8",
    name: "Kokoro 82M · 8-bit",
    note: "For little memory; a little rougher, and slower on many processors.",
    dtype: "q8",
    files: [...kokoroText, { path: "onnx/model_quantized.onnx", bytes: null }],
    memoryBytes: 93 * MB + KOKORO_WORK_BYTES,
    fits: ["cpu"],
  },
];

/** The catalogue entry of this id, or undefined. */
export function findModel(id: string): CatalogueModel | undefined {
  return catalogue.find((model) => model.id === id);
}

/** What is known of a model's download in bytes before the hub was asked. */
export function knownBytes(model: CatalogueModel): number {
  return model.files.reduce((sum, file) => sum + (file.bytes ?? 0), 0);
}
