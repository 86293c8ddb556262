import type { ProviderRow } from "../../shared/provider-row.ts";
import { systemClock, type Clock } from "../../shared/clock.ts";
import type { AppError, AppErrorCode } from "../../shared/errors.ts";
import type { RpcClient } from "../../shared/rpc.ts";
import { modelKinds, type ChildHandle, type ModelKind, type ProcessKind } from "./child-handle.ts";
import { forkModel } from "./fork-port.ts";
import { ProviderChooser, type OutcomeMemory } from "./providers/chooser.ts";
import { PlacedModel } from "./providers/placed-model.ts";
import type { ProbedKind } from "./providers/probe-service.ts";
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
  readonly spawn?: (kind: ProcessKind) => ChildHandle;
  readonly clock?: Clock;
  readonly limits?: Partial<SupervisorLimits>;
  /** Where it is kept which providers work; by default nowhere, so that they are tried again after a restart. */
  readonly memory?: OutcomeMemory;
  /** Told when a model goes on without a device that failed under it, in a sentence for the person. */
  readonly onDeviceLost?: (error: AppError) => void;
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
  /** Every execution provider of the two models that have a choice: what runs on it, or why not. */
  readonly providers: Readonly<Record<ProbedKind, readonly ProviderRow[]>>;
  readonly states: Readonly<Record<ModelKind, ProcessState>>;
  onState(listener: (kind: ModelKind, state: ProcessState) => void): () => void;
  /** Starts one process afresh, also after it was given up. */
  restart(kind: ModelKind): void;
  /** Gives the memory of the two large models back until they are needed: any call to one loads it again. */
  rest(): void;
  /** Loads what rests, so that it is there when it is called. */
  wake(): void;
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
  const { models, spawn = forkModel, clock = systemClock, limits = {}, onDeviceLost: onLost } = options;
  const closing = new AbortController();
  const memory = options.memory ? { memory: options.memory } : {};
  const chooser = new ProviderChooser({ spawn: () => spawn("probe"), clock, ...memory });
  const placed = {
    voxtral: new PlacedModel<VoxtralInfo>({ kind: "voxtral", wish: models.voxtral, chooser, onLost }),
    kokoro: new PlacedModel<KokoroInfo>({ kind: "kokoro", wish: models.kokoro, chooser, onLost }),
  };
  const common = (kind: ModelKind) => ({ name: kind, spawn: () => spawn(kind), isPermanent, clock, limits });

  const processes = {
    listener: new SupervisedProcess<ListenerService>(common("listener")),
    voxtral: new SupervisedProcess<VoxtralService>({
      ...common("voxtral"),
      onStart: (client) => placed.voxtral.load((load) => client.call("load", load), closing.signal),
    }),
    kokoro: new SupervisedProcess<KokoroService>({
      ...common("kokoro"),
      onStart: (client) => placed.kokoro.load((load) => client.call("load", load), closing.signal),
    }),
  };
  const { listener, voxtral, kokoro } = processes;
  listener.client.on("mel", (block) => voxtral.client.notify("mel", block));
  for (const kind of ["voxtral", "kokoro"] as const) {
    // Whatever a process died of, the device it ran on may be the cause: its successor goes on without.
    processes[kind].onState((state) => {
      if (state.status === "restarting") placed[kind].lose(state.error);
    });
  }

  const ready = Promise.all(modelKinds.map((kind) => processes[kind].ready())).then(() => {
    // Both are set: a process is ready only after its `load` has answered.
    return { voxtral: placed.voxtral.info!, kokoro: placed.kokoro.info! };
  });
  // Whoever needs it awaits it; the states tell everyone else.
  ready.catch(() => {});

  return {
    listener: listener.client,
    voxtral: voxtral.client,
    kokoro: kokoro.client,
    ready,
    get infos() {
      const [answering, speaking] = [placed.voxtral.info, placed.kokoro.info];
      return { ...(answering && { voxtral: answering }), ...(speaking && { kokoro: speaking }) };
    },
    get providers() {
      return { voxtral: placed.voxtral.rows, kokoro: placed.kokoro.rows };
    },
    get states() {
      return { listener: listener.state, voxtral: voxtral.state, kokoro: kokoro.state };
    },
    onState(notify) {
      const removers = modelKinds.map((kind) => processes[kind].onState((state) => notify(kind, state)));
      return () => removers.forEach((remove) => remove());
    },
    restart(kind) {
      if (kind !== "listener") placed[kind].forgive();
      processes[kind].restart();
    },
    rest() {
      void voxtral.rest();
      void kokoro.rest();
    },
    wake() {
      voxtral.wake();
      kokoro.wake();
    },
    async dispose() {
      closing.abort();
      await Promise.all(modelKinds.map((kind) => processes[kind].stop()));
    },
  };
}
