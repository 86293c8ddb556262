import type { ProviderRow } from "../../../shared/provider-row.ts";
import { AppError } from "../../../shared/errors.ts";
import { isDeviceLost } from "../onnx-failures.ts";
import type { KokoroService, LoadResult, RealProvider } from "../services.ts";
import type { ProviderChooser } from "./chooser.ts";
import { providerLabels } from "./platform-providers.ts";
import type { ProbedKind } from "./probe-service.ts";

type Load = KokoroService["calls"]["load"]["params"];

export interface PlacedModelOptions {
  readonly kind: ProbedKind;
  readonly wish: Load;
  readonly chooser: ProviderChooser;
  /** Told of each device that is given up, in a sentence for the person. */
  readonly onLost?: ((error: AppError) => void) | undefined;
}

const works = { voxtral: "Answering", kokoro: "Speaking" } as const;

/** A model of one process over all its lives: where it runs, and where it must not run any more. */
export class PlacedModel<Info extends LoadResult> {
  readonly #options: PlacedModelOptions;
  readonly #lost = new Map<RealProvider, string>();
  /** Devices that the present process was told to use. */
  #devices: readonly RealProvider[] = [];
  #info: Info | undefined;
  #rows: readonly ProviderRow[] = [];

  constructor(options: PlacedModelOptions) {
    this.#options = options;
  }

  /** What the model said when it was loaded last. */
  get info(): Info | undefined {
    return this.#info;
  }

  /** Every provider, with what it runs or why not; empty until a first choice was made. */
  get rows(): readonly ProviderRow[] {
    return this.#rows;
  }

  /**
   * Chooses providers and loads the model on them; where a device refuses it after all, on the next ones.
   * Rejects with what `load` does, with provider-unavailable when the one asked for by name does not work, or cancelled.
   */
  async load(load: (params: Load) => Promise<Info>, signal: AbortSignal): Promise<void> {
    const { kind, wish, chooser } = this.#options;
    for (;;) {
      const choice = await chooser.choose(kind, wish, { lost: this.#lost, signal });
      const used = Object.values(choice.load.graphProviders ?? {});
      this.#devices = [...new Set(used)].filter((provider) => provider !== "cpu");
      try {
        this.#info = await load(choice.load);
        this.#rows = choice.rows;
        return;
      } catch (error) {
        if (!this.#isDeviceFault(error)) throw error;
        this.lose(AppError.from(error));
      }
    }
  }

  /** Counts the end of a process, or a refusal, against the devices it used. */
  lose(error: AppError): void {
    const { kind, onLost } = this.#options;
    for (const device of this.#devices) {
      this.#lost.set(device, error.message);
      const sentence = `${works[kind]} goes on without ${providerLabels[device]}: ${error.message}`;
      onLost?.(new AppError("provider-unavailable", sentence, { cause: error }));
    }
    this.#devices = [];
  }

  /** Gives lost devices another chance. */
  forgive(): void {
    this.#lost.clear();
    this.#devices = [];
  }

  /** Whether another provider may do better. One asked for by name is refused, unless it was lost before. */
  #isDeviceFault(error: unknown): boolean {
    const { provider } = this.#options.wish;
    if (this.#devices.length === 0 || (provider !== "auto" && !this.#lost.has(provider))) return false;
    const { code } = AppError.from(error);
    return code === "provider-unavailable" || code === "out-of-memory" || isDeviceLost(error);
  }
}
