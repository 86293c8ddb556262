import { findGraph } from "../model-folder.ts";
import type { GraphFile } from "../model-folder.ts";
import type { LoadParams } from "../services.ts";

const stems = ["audio_encoder", "embed_tokens", "decoder_model_merged"] as const;
export type VoxtralStem = (typeof stems)[number];

/**
 * The files of Voxtral's graphs in the precision that `params` ask for. The decoder has to be in just that; hub
 * repositories lack some of the others, which then come in their nearest. Throws as `findGraph`.
 */
export function voxtralFiles(
  params: Pick<LoadParams, "modelDir" | "dtype" | "provider">,
): Record<VoxtralStem, GraphFile> {
  const { modelDir } = params;
  const decoder_model_merged = findGraph(modelDir, "decoder_model_merged", params);
  const lenient = { ...params, lenient: true };
  return {
    decoder_model_merged,
    audio_encoder: findGraph(modelDir, "audio_encoder", lenient),
    embed_tokens: findGraph(modelDir, "embed_tokens", lenient),
  };
}
