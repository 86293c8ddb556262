import type { Port } from "../../../shared/port.ts";
import { serve } from "../../../shared/rpc.ts";
import type { ModelKind } from "../child-handle.ts";
import type { KokoroService, RealProvider } from "../services.ts";
import { measureKokoro, measureVoxtral, tryTrivialGraph } from "./measurement.ts";
import type { Measurement } from "./measurement.ts";

/** A model that providers are tried on. */
export type ProbedKind = Exclude<ModelKind, "listener">;

export interface ProbeParams {
  readonly kind: ProbedKind;
  readonly load: KokoroService["calls"]["load"]["params"];
  readonly provider: RealProvider;
}

/** What the sacrificial process does: one measurement, then it is ended. */
export interface ProbeService {
  calls: { measure: { params: ProbeParams; result: Measurement } };
  streams: Record<never, never>;
  notices: Record<never, never>;
  events: Record<never, never>;
}

/** Serves ProbeService on `port` until disposed. */
export function start(port: Port): Disposable {
  return serve<ProbeService>(port, {
    calls: {
      async measure({ kind, load, provider }) {
        await tryTrivialGraph(provider);
        return kind === "voxtral"
          ? await measureVoxtral(load, provider)
          : await measureKokoro(load, provider);
      },
    },
    streams: {},
    notices: {},
  });
}
