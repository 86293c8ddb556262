import type { EngineState } from "../../shared/app-contract.ts";
import type { Clock } from "../../shared/clock.ts";
import { AppError } from "../../shared/errors.ts";
import type { Settings } from "../../shared/settings.ts";
import type { ChildHandle, ProcessKind } from "../models/child-handle.ts";
import { modelKinds } from "../models/child-handle.ts";
import { startEngine, type Engine } from "../models/engine.ts";
import type { OutcomeMemory } from "../models/providers/chooser.ts";
import type { ListeningOptions, VoiceActivity } from "../models/services.ts";
import { engineState } from "./engine-state.ts";
import { modelChoice, demoId, type ModelFinder } from "./model-choice.ts";

export interface EngineKeeperOptions {
  readonly clock: Clock;
  readonly spawn?: (kind: ProcessKind) => ChildHandle;
  /** Where it is kept which execution providers work. */
  readonly memory?: OutcomeMemory;
  readonly onState: (state: EngineState) => void;
  /** Loudness of the microphone, about every 32 ms. */
  readonly onLevel: (level: { readonly rms: number; readonly peak: number; readonly speech: number }) => void;
  readonly onVoice: (activity: VoiceActivity) => void;
  /** How the listener should hear; asked again whenever it was started. */
  readonly listening: () => ListeningOptions;
  /** Voice is found by its loudness only, and why. */
  readonly onWeakDetector: (reason: string) => void;
  /** Finds a downloaded model by its id. */
  readonly findModel?: ModelFinder;
  /** A sentence for the person: another model is used than the wanted one, or another provider. */
  readonly onProblem: (error: AppError) => void;
}

/**
 * The engine the settings ask for. Where their model cannot be found, the demo pack answers instead, so that there is
 * always someone to talk to. A change of model ends the old processes before the new ones take their memory.
 */
export class EngineKeeper {
  readonly #options: EngineKeeperOptions;
  #engine: Engine;
  #isDemo: boolean;
  #stopListening: () => void;
  #ending: Promise<void> = Promise.resolve();

  constructor(models: Settings["models"], options: EngineKeeperOptions) {
    this.#options = options;
    [this.#engine, this.#isDemo] = this.#start(models);
    this.#stopListening = this.#listen();
  }

  get engine(): Engine {
    return this.#engine;
  }

  get state(): EngineState {
    return engineState(this.#engine, this.#isDemo);
  }

  /** Ends the present engine and starts another; resolves when the new one exists (it may still be loading). */
  async replace(models: Settings["models"]): Promise<void> {
    this.#stopListening();
    this.#ending = this.#engine.dispose();
    await this.#ending;
    [this.#engine, this.#isDemo] = this.#start(models);
    this.#stopListening = this.#listen();
    this.#options.onState(this.state);
  }

  /** Starts again whatever was given up or stopped. */
  restart(): void {
    for (const kind of modelKinds) {
      if (this.#engine.states[kind].status === "gave-up") this.#engine.restart(kind);
    }
  }

  /** Tells the listener how to hear; one that is not there yet is told when it is ready. */
  configure(): void {
    if (this.#engine.states.listener.status === "ready") void this.#configure(this.#engine);
  }

  async dispose(): Promise<void> {
    this.#stopListening();
    await this.#ending;
    await this.#engine.dispose();
  }

  #start(models: Settings["models"]): [Engine, boolean] {
    const { clock, spawn, memory, onProblem } = this.#options;
    let choice;
    try {
      choice = modelChoice(models, this.#options.findModel);
    } catch (error) {
      onProblem(AppError.from(error));
      choice = modelChoice({ ...models, active: demoId });
    }
    const engine = startEngine({
      models: choice.models,
      clock,
      onDeviceLost: onProblem,
      ...(spawn ? { spawn } : {}),
      ...(memory ? { memory } : {}),
    });
    return [engine, choice.isDemo];
  }

  async #configure({ listener }: Engine): Promise<void> {
    const { listening, onWeakDetector } = this.#options;
    try {
      const { detector, reason } = await listener.call("configure", listening());
      if (detector === "energy") onWeakDetector(reason ?? "the detector could not be loaded.");
    } catch {
      // It has ended meanwhile, and its successor is told.
    }
  }

  #listen(): () => void {
    const leaves = [
      this.#engine.onState((kind, { status }) => {
        this.#options.onState(this.state);
        if (kind === "listener" && status === "ready") this.configure();
      }),
      this.#engine.listener.on("level", this.#options.onLevel),
      this.#engine.listener.on("voice", this.#options.onVoice),
    ];
    return () => leaves.forEach((leave) => leave());
  }
}
