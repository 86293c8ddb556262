import { systemClock, type Clock } from "../../shared/clock.ts";
import type { AppError, AppErrorCode } from "../../shared/errors.ts";
import type { RpcClient } from "../../shared/rpc.ts";
import { modelKinds, type ChildHandle, type ModelKind } from "./child-handle.ts";
import { forkModel } from "./fork-port.ts";
import type {
  KokoroInfo,
  KokoroService,
  ListenerService,
  LoadParams,
  VoxtralInfo,
  VoxtralService,
} from "./services.ts";
import { SupervisedProcess, type ProcessState, type SupervisorLimits } from "./supervisor.ts";

export interface EngineModels {
  readonly voxtral: LoadParams;
  readonly kokoro: LoadParams & { readonly voicesDir?: string };
}

export interface EngineOptions {
  readonly models: EngineModels;
  /** How a process is started: `forkModel` by default, a utility process in the Electron host. */
  readonly spawn?: (kind: ModelKind) => ChildHandle;
  readonly clock?: Clock;
  readonly limits?: Partial<SupervisorLimits>;
}

/** What the models said about themselves when they were loaded last. */
export interface EngineInfos {
  readonly voxtral: VoxtralInfo;
  readonly kokoro: KokoroInfo;
}

/** The three model processes as one thing. The clients stay valid over restarts; see SupervisedProcess. */
export interface Engine {
  readonly listener: RpcClient<ListenerService>;
  readonly voxtral: RpcClient<VoxtralService>;
  readonly kokoro: RpcClient<KokoroService>;
  /** Settles when all three processes were ready once, or as soon as one was given up. */
  readonly ready: Promise<EngineInfos>;
  /** Changes when a process is restarted; a model that was never loaded is absent. */
  readonly infos: Readonly<Partial<EngineInfos>>;
  readonly states: Readonly<Record<ModelKind, ProcessState>>;
  onState(listener: (kind: ModelKind, state: ProcessState) => void): () => void;
  /** Starts one process afresh, also after it was given up. */
  restart(kind: ModelKind): void;
  /** Ends all processes; resolves when they are gone. Idempotent. */
  dispose(): Promise<void>;
}

/** Errors of `load` that stay the same however often it is tried: the person has to change something first. */
const permanentCodes: ReadonlySet<AppErrorCode> = new Set([
  "model-missing",
  "model-corrupt",
  "model-wrong",
  "provider-unavailable",
  "bad-input",
  "unsupported",
]);

const isPermanent = (error: AppError): boolean => permanentCodes.has(error.code);

/**
 * Starts the three model processes in parallel and loads their models, again after each restart. Mel blocks flow from
 * the listener to voxtral without anyone's help.
 */
export function startEngine(options: EngineOptions): Engine {
  const { models, spawn = forkModel, clock = systemClock, limits = {} } = options;
  const infos: { voxtral?: VoxtralInfo; kokoro?: KokoroInfo } = {};
  const common = (kind: ModelKind) => ({ name: kind, spawn: () => spawn(kind), isPermanent, clock, limits });

  const processes = {
    listener: new SupervisedProcess<ListenerService>(common("listener")),
    voxtral: new SupervisedProcess<VoxtralService>({
      ...common("voxtral"),
      onStart: async (client) => void (infos.voxtral = await client.call("load", models.voxtral)),
    }),
    kokoro: new SupervisedProcess<KokoroService>({
      ...common("kokoro"),
      onStart: async (client) => void (infos.kokoro = await client.call("load", models.kokoro)),
    }),
  };
  const { listener, voxtral, kokoro } = processes;
  listener.client.on("mel", (block) => voxtral.client.notify("mel", block));

  const ready = Promise.all(modelKinds.map((kind) => processes[kind].ready())).then(() => {
    // Both are set: a process is ready only after its `load` has answered.
    return { voxtral: infos.voxtral!, kokoro: infos.kokoro! };
  });
  // Whoever needs it awaits it; the states tell everyone else.
  ready.catch(() => {});

  return {
    listener: listener.client,
    voxtral: voxtral.client,
    kokoro: kokoro.client,
    ready,
    infos,
    get states() {
      return { listener: listener.state, voxtral: voxtral.state, kokoro: kokoro.state };
    },
    onState(notify) {
      const removers = modelKinds.map((kind) => processes[kind].onState((state) => notify(kind, state)));
      return () => removers.forEach((remove) => remove());
    },
    restart: (kind) => processes[kind].restart(),
    async dispose() {
      await Promise.all(modelKinds.map((kind) => processes[kind].stop()));
    },
  };
}
