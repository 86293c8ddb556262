import type { z } from "zod";
import type { EngineState, processStateSchema } from "../../shared/app-contract.ts";
import type { ProviderRow } from "../../shared/provider-row.ts";
import type { Engine } from "../models/engine.ts";
import type { LoadResult } from "../models/services.ts";
import type { ProcessState } from "../models/supervisor.ts";

/** What the person is shown of the three model processes. */
export function engineState(
  engine: Pick<Engine, "states" | "infos" | "providers">,
  isDemo: boolean,
): EngineState {
  const { states, infos, providers } = engine;
  return {
    listener: processState(states.listener, undefined, []),
    voxtral: processState(states.voxtral, infos.voxtral, providers.voxtral),
    kokoro: processState(states.kokoro, infos.kokoro, providers.kokoro),
    isDemo,
  };
}

function processState(
  state: ProcessState,
  loaded: LoadResult | undefined,
  rows: readonly ProviderRow[],
): z.infer<typeof processStateSchema> {
  const error = "error" in state ? state.error.toWire() : null;
  return {
    state: state.status,
    modelName: loaded?.modelName ?? null,
    providers: { ...loaded?.providers },
    dtypes: { ...loaded?.dtypes },
    loadMs: loaded?.loadMs ?? null,
    stepMs: loaded?.stepMs ?? null,
    providerRows: [...rows],
    restarts: "failures" in state ? state.failures : 0,
    error: error && { code: error.code, message: error.message },
  };
}
