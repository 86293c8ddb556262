import type { Engine } from "../models/engine.ts";
import type { Surroundings } from "./latency-recorder.ts";

/** What a turn runs on, as the dashboard shows it; `model` is the id or folder the settings name. */
export function surroundingsOf(
  { engine }: { readonly engine: Pick<Engine, "infos"> },
  model: string,
  isCold: boolean,
): Surroundings {
  const { voxtral, kokoro } = engine.infos;
  return {
    model,
    // The decoder is where the time goes; a model with a single graph has only that.
    provider: decoderEntry(voxtral?.providers) ?? "unknown",
    speechProvider: Object.values(kokoro?.providers ?? {})[0] ?? "unknown",
    dtype: decoderEntry(voxtral?.dtypes) ?? "unknown",
    isCold,
  };
}

function decoderEntry<Value>(graphs: Readonly<Record<string, Value>> | undefined): Value | undefined {
  const entries = Object.entries(graphs ?? {});
  return (entries.find(([graph]) => graph.includes("decoder")) ?? entries[0])?.[1];
}
