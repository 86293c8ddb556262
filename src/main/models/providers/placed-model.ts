import type { ProviderRow } from "../../../shared/provider-row.ts";
import { AppError } from "../../../shared/errors.ts";
import { isDeviceLost } from "../onnx-failures.ts";
import type { KokoroService, LoadResult, RealProvider } from "../services.ts";
import type { ProviderChooser } from "./chooser.ts";
import type { ProbedKind } from "./probe-service.ts";

type Load = KokoroService["calls"]["load"]["params"];

/** A model of one process over all its lives: where it runs, and where it must not run any more. */
export class PlacedModel<Info extends LoadResult> {
  readonly #kind: ProbedKind;
  readonly #wish: Load;
  readonly #chooser: ProviderChooser;
  readonly #lost = new Map<RealProvider, string>();
  /** Devices that the present process was told to use. */
  #devices: readonly RealProvider[] = [];
  #info: Info | undefined;
  #rows: readonly ProviderRow[] = [];

  constructor(kind: ProbedKind, wish: Load, chooser: ProviderChooser) {
    this.#kind = kind;
    this.#wish = wish;
    this.#chooser = chooser;
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
    for (;;) {
      const choice = await this.#chooser.choose(this.#kind, this.#wish, { lost: this.#lost, signal });
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
    for (const device of this.#devices) this.#lost.set(device, error.message);
    this.#devices = [];
  }

  /** Gives lost devices another chance. */
  forgive(): void {
    this.#lost.clear();
    this.#devices = [];
  }

  /** Whether another provider may do better. One asked for by name is refused, unless it was lost before. */
  #isDeviceFault(error: unknown): boolean {
    const { provider } = this.#wish;
    if (this.#devices.length === 0 || (provider !== "auto" && !this.#lost.has(provider))) return false;
    const { code } = AppError.from(error);
    return code === "provider-unavailable" || code === "out-of-memory" || isDeviceLost(error);
  }
}
