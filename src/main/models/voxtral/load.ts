import { z } from "zod";
import { systemClock } from "../../../shared/clock.ts";
import { AppError } from "../../../shared/errors.ts";
import { graphBytes, SMALL_GRAPH_BYTES } from "../graph-size.ts";
import { modelNameOf, readModelConfig, readModelJson } from "../model-folder.ts";
import type { GraphFile } from "../model-folder.ts";
import { openGraph } from "../onnx-session.ts";
import type { Graph, OpenOptions } from "../onnx-session.ts";
import type { LoadParams } from "../services.ts";
import { graphProvider } from "../graph-provider.ts";
import { Decoder } from "./decoder.ts";
import { openDecoder, type DecoderTuning } from "./open-decoder.ts";
import { DecoderWork } from "./decoder-work.ts";
import { createDeviceTruncation } from "./device-truncate.ts";
import { createEmbeddings } from "./embeddings.ts";
import type { Embeddings } from "./embeddings.ts";
import { Encoder } from "./encoder.ts";
import type { DeviceTruncate } from "./kv-cache.ts";
import { voxtralFiles, type VoxtralStem } from "./graph-files.ts";
import { createTokenizer } from "./tokenizer.ts";
import type { VoxtralTokenizer } from "./tokenizer.ts";

/** Voxtral answers up to 40 minutes of audio in 32 k positions (model card), whatever its rotary tables reach. */
const MAX_CONTEXT = 32_768;

const configSchema = z.looseObject({
  audio_token_id: z.number().int(),
  text_config: z.looseObject({
    vocab_size: z.number().int().positive(),
    num_hidden_layers: z.number().int().positive(),
    max_position_embeddings: z.number().int().positive(),
    intermediate_size: z.number().int().positive(),
    num_attention_heads: z.number().int().positive(),
    eos_token_id: z.union([z.number().int(), z.array(z.number().int())]).optional(),
  }),
});
const generationSchema = z.looseObject({
  eos_token_id: z.union([z.number().int(), z.array(z.number().int())]).optional(),
});

/** Everything of a model folder, ready to run. */
export interface LoadedModel {
  readonly name: string;
  /** What runs on which provider, by the graph's name. */
  readonly graphs: Readonly<Record<VoxtralStem, Pick<Graph, "provider">>>;
  readonly dtypes: Readonly<Record<string, string>>;
  readonly loadMs: number;
  readonly contextLimit: number;
  readonly endIds: ReadonlySet<number>;
  readonly tokenizer: VoxtralTokenizer;
  readonly encoder: Encoder;
  readonly embeddings: Embeddings;
  readonly decoder: Decoder;
  readonly tuning: DecoderTuning;
  readonly work: DecoderWork;
  readonly deviceTruncate: DeviceTruncate | undefined;
  /** Frees the sessions. Idempotent. */
  release(): Promise<void>;
}

/**
 * Opens a Voxtral folder: config, tokenizer and the three graphs.
 * Throws AppError: model-missing, model-corrupt, model-wrong, provider-unavailable, out-of-memory, bad-input.
 */
export async function loadModel(params: LoadParams): Promise<LoadedModel> {
  const startMs = systemClock.nowMs();
  const config = readConfig(params.modelDir);
  const tokenizer = createTokenizer(readModelJson(params.modelDir, "tokenizer.json"));
  if (tokenizer.control.audio !== config.audioId) {
    throw new AppError(
      "model-wrong",
      `config.json and tokenizer.json of ${params.modelDir} do not belong together.`,
    );
  }
  const files = voxtralFiles(params);
  const opened: { release(): Promise<void> }[] = [];
  const keep = <T extends { release(): Promise<void> }>(resource: T): T => {
    opened.push(resource);
    return resource;
  };
  const release = async (): Promise<void> => {
    await Promise.all(opened.splice(0).map((resource) => resource.release()));
  };
  const open = async (stem: VoxtralStem): Promise<Graph> =>
    keep(await openGraph(files[stem].path, openOptions(stem, files[stem], params, config)));
  try {
    const { path } = files.audio_encoder;
    const encoder = await Encoder.open(
      path,
      openOptions("audio_encoder", files.audio_encoder, params, config),
    );
    const audio_encoder = keep(encoder.graph);
    const embed_tokens = await open("embed_tokens");
    const { graph, tuned, tuning } = await openDecoder(
      files.decoder_model_merged.path,
      openOptions("decoder_model_merged", files.decoder_model_merged, params, config),
    );
    const decoder_model_merged = keep(graph);
    let prefillGraph: Graph | undefined;
    if (
      decoder_model_merged.provider === "cpu" &&
      isSmall(files.decoder_model_merged) &&
      params.threads === 0
    ) {
      const options = { provider: "cpu", threads: 0, spins: true } as const;
      prefillGraph = keep(await openGraph(files.decoder_model_merged.path, options));
    }
    const decoder = new Decoder(decoder_model_merged, config.contextLimit, { prefillGraph, tuned });
    const embeddings = await createEmbeddings(embed_tokens, config.vocabSize);
    if (encoder.hiddenSize !== decoder.hiddenSize || embeddings.hiddenSize !== decoder.hiddenSize) {
      throw new AppError(
        "model-wrong",
        `The graphs of ${params.modelDir} do not belong together: their sizes differ.`,
      );
    }
    const truncation = decoder.kvOnDevice
      ? keep(await createDeviceTruncation(decoder.layout, decoder_model_merged.provider))
      : undefined;
    return {
      name: modelNameOf(params.modelDir),
      graphs: { audio_encoder, embed_tokens, decoder_model_merged },
      dtypes: Object.fromEntries(Object.entries(files).map(([stem, { dtype }]) => [stem, dtype])),
      loadMs: systemClock.nowMs() - startMs,
      contextLimit: config.contextLimit,
      endIds: config.endIds,
      tokenizer,
      encoder,
      embeddings,
      decoder,
      tuning,
      work: decoderWork(config, decoder),
      deviceTruncate: truncation?.truncate,
      release,
    };
  } catch (error) {
    await release();
    throw error;
  }
}

/**
 * A decode step of a small model is shorter than waking a second thread (1.5 against 2.4 ms on the demo model), and Kokoro
 * wants that core at the same time. Its prefill is not (34 to 72 ms on one thread, behind up to 1 577 cached positions):
 * a small decoder is therefore opened twice, which costs its few megabytes again.
 */
function openOptions(
  stem: VoxtralStem,
  file: GraphFile,
  params: LoadParams,
  config: VoxtralConfig,
): OpenOptions {
  const { threads } = params;
  return {
    // A lookup whose result this process needs at once: on a device it would only travel there and back.
    provider: stem === "embed_tokens" ? "cpu" : graphProvider(params, stem),
    threads: threads === 0 && stem !== "audio_encoder" && isSmall(file) ? 1 : threads,
    ...(stem === "audio_encoder" ? { spins: true } : {}),
    ...(stem === "decoder_model_merged" ? { spins: "briefly" } : {}),
    gpuOutputs: stem === "decoder_model_merged" ? presentNames(config.layers) : [],
  };
}

function isSmall(file: GraphFile): boolean {
  return graphBytes(file.path) <= SMALL_GRAPH_BYTES;
}

/** Output locations are set before a session can name its outputs, so the layers come from the configuration. */
function presentNames(layers: number): readonly string[] {
  return Array.from({ length: layers }, (_, layer) => [
    `present.${layer}.key`,
    `present.${layer}.value`,
  ]).flat();
}

function decoderWork(config: VoxtralConfig, { layout, hiddenSize }: Decoder): DecoderWork {
  const { layers, heads, intermediateSize } = config;
  const { heads: kvHeads, headSize } = layout;
  return new DecoderWork({ layers, hiddenSize, intermediateSize, heads, kvHeads, headSize });
}

interface VoxtralConfig {
  readonly audioId: number;
  readonly vocabSize: number;
  readonly layers: number;
  readonly heads: number;
  readonly intermediateSize: number;
  readonly contextLimit: number;
  readonly endIds: ReadonlySet<number>;
}

function readConfig(modelDir: string): VoxtralConfig {
  const parsed = configSchema.safeParse(
    readModelConfig(modelDir, { modelType: "voxtral", product: "Voxtral" }),
  );
  const generation = generationSchema.safeParse(readModelJson(modelDir, "generation_config.json"));
  if (!parsed.success || !generation.success) {
    throw new AppError(
      "model-corrupt",
      `The configuration files of ${modelDir} are incomplete. Download them again.`,
      {
        cause: parsed.error ?? generation.error,
      },
    );
  }
  const { audio_token_id, text_config } = parsed.data;
  const endIds = [generation.data.eos_token_id, text_config.eos_token_id].flatMap((ids) => ids ?? []);
  if (endIds.length === 0) {
    throw new AppError("model-corrupt", `${modelDir} does not say which token ends a reply (eos_token_id).`);
  }
  return {
    audioId: audio_token_id,
    vocabSize: text_config.vocab_size,
    layers: text_config.num_hidden_layers,
    heads: text_config.num_attention_heads,
    intermediateSize: text_config.intermediate_size,
    contextLimit: Math.min(MAX_CONTEXT, text_config.max_position_embeddings),
    endIds: new Set(endIds),
  };
}
