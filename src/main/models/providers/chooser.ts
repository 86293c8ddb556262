import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { basename } from "node:path";
import type { ProviderRow } from "../../../shared/provider-row.ts";
import type { Clock } from "../../../shared/clock.ts";
import { AppError } from "../../../shared/errors.ts";
import type { ChildHandle } from "../child-handle.ts";
import { graphBytes, SMALL_GRAPH_BYTES } from "../graph-size.ts";
import { kokoroFile } from "../kokoro/graph-files.ts";
import { modelNameOf } from "../model-folder.ts";
import type { KokoroService, RealProvider } from "../services.ts";
import { Turnstile } from "../turnstile.ts";
import { voxtralFiles } from "../voxtral/graph-files.ts";
import { disagreement } from "./agreement.ts";
import { readMachine } from "./machine.ts";
import type { Machine } from "./machine.ts";
import type { Outcome } from "./outcome.ts";
import { assertFits, freeMemory, memoryNeed, shortage } from "./memory.ts";
import type { FreeMemory } from "./memory.ts";
import { allProviders, fixFor, obstacleTo, onlyByName, providerLabels } from "./platform-providers.ts";
import { probe } from "./probe.ts";
import type { Probed } from "./probe.ts";
import type { ProbedKind } from "./probe-service.ts";
import { fastest, slowerThan } from "./report.ts";
import type { Placement } from "./report.ts";

type Load = KokoroService["calls"]["load"]["params"];

/** Where outcomes are kept from one start to the next, by a key of machine and model. */
export interface OutcomeMemory {
  /** Empty when nothing is known, or what was written cannot be read. */
  read(key: string): Promise<readonly Outcome[]>;
  /** Never rejects: what cannot be kept is found out again. */
  write(key: string, outcomes: readonly Outcome[]): Promise<void>;
}

export interface ChooserOptions {
  readonly spawn: () => ChildHandle;
  readonly clock: Clock;
  /** Default: this process's own memory. */
  readonly memory?: OutcomeMemory;
  /** Default: this machine. */
  readonly machine?: () => Machine;
  /** Default: what this machine has free. */
  readonly freeMemory?: () => Promise<FreeMemory>;
  /** Graphs up to this size are not worth a trial. Default: SMALL_GRAPH_BYTES. */
  readonly smallGraphBytes?: number;
}

export interface ChooseOptions {
  /** Providers that failed since this program was started, and why: they are not used again. */
  readonly lost?: ReadonlyMap<RealProvider, string>;
  readonly signal: AbortSignal;
}

export interface Choice {
  /** `load` with every graph's provider settled. */
  readonly load: Load;
  /** All providers, the likely best first. */
  readonly rows: readonly ProviderRow[];
}

interface ModelGraph {
  readonly name: string;
  readonly path: string;
  readonly isSmall: boolean;
}

/**
 * Decides where the graphs of a model run: tries each provider in a process of its own, takes the fastest that computes
 * what the CPU computes, and remembers what came of it by machine and model.
 */
export class ProviderChooser {
  readonly #options: ChooserOptions;
  readonly #memory: OutcomeMemory;
  /** Trials would slow each other down, and two models may not fit. */
  readonly #turnstile = new Turnstile();

  constructor(options: ChooserOptions) {
    this.#options = options;
    this.#memory = options.memory ?? processMemory();
  }

  /**
   * Small graphs stay on the CPU and nothing is tried for them. A provider that was asked for by name is used or refused;
   * lost, it gives way to the next.
   * Throws AppError: provider-unavailable (a named one does not work), out-of-memory (it cannot fit), cancelled.
   */
  async choose(kind: ProbedKind, load: Load, { lost = new Map(), signal }: ChooseOptions): Promise<Choice> {
    const machine = (this.#options.machine ?? readMachine)();
    const graphs = this.#graphsOf(kind, load);
    const wanted = load.provider === "auto" || lost.has(load.provider) ? null : load.provider;
    const large = graphs.filter(({ isSmall }) => !isSmall);
    const tried =
      large.length === 0 ? [] : await this.#outcomes(kind, load, { machine, wanted, graphs, signal });
    const usable = tried.filter(({ provider }) => !lost.has(provider));
    if (wanted !== null) this.#assertWorks(wanted, usable, modelNameOf(load.modelDir));
    const largeNames = large.map(({ name }) => name);
    const placement: Placement = {
      ...Object.fromEntries(graphs.map(({ name }) => [name, wanted ?? "cpu"])),
      ...(wanted === null ? fastest(largeNames, usable) : {}),
      // What was settled before is not contradicted, unless it was lost.
      ...Object.fromEntries(
        Object.entries(load.graphProviders ?? {}).filter(([, provider]) => !lost.has(provider)),
      ),
    };
    // The demo pack fits anywhere, and starts without asking.
    if (large.length > 0) await this.#assertFits(kind, load, placement);
    const settled = { ...load, provider: wanted ?? "cpu", graphProviders: placement };
    const rows = allProviders.map((provider) =>
      rowOf(provider, { machine, wanted, placement, outcomes: tried, lost, isSmall: large.length === 0 }),
    );
    return { load: settled, rows };
  }

  /** Empty when the folder is not what it should be: saying so is the business of those who load it. */
  #graphsOf(kind: ProbedKind, load: Load): readonly ModelGraph[] {
    const { smallGraphBytes = SMALL_GRAPH_BYTES } = this.#options;
    const graph = (name: string, path: string): ModelGraph => ({
      name,
      path,
      isSmall: graphBytes(path) <= smallGraphBytes,
    });
    try {
      if (kind === "kokoro") return [graph("model", kokoroFile(load).path)];
      // The table of embeddings is looked up on the CPU, whatever runs the rest.
      const { audio_encoder: encoder, decoder_model_merged: decoder } = voxtralFiles(load);
      return [graph("audio_encoder", encoder.path), graph("decoder_model_merged", decoder.path)];
    } catch {
      // Loading meets the same failure, and reports it with all that is wrong.
      return [];
    }
  }

  async #assertFits(kind: ProbedKind, load: Load, placement: Placement): Promise<void> {
    assertFits(load, memoryNeed(kind, load), placement, await (this.#options.freeMemory ?? freeMemory)());
  }

  #assertWorks(wanted: RealProvider, outcomes: readonly Outcome[], model: string): void {
    const outcome = outcomes.find(({ provider }) => provider === wanted);
    if (!outcome || outcome.verdict === "works") return;
    throw new AppError(
      "provider-unavailable",
      `${providerLabels[wanted]} cannot run ${model}: ${outcome.reason} Choose another provider, or "auto".`,
      { details: { provider: wanted, verdict: outcome.verdict } },
    );
  }

  /** What is known of the providers that can be used, tried now where nothing is. */
  async #outcomes(kind: ProbedKind, load: Load, trial: Trial): Promise<readonly Outcome[]> {
    const { machine, wanted, graphs, signal } = trial;
    const candidates = allProviders.filter((provider) =>
      wanted === null
        ? obstacleTo(provider, machine) === null && !onlyByName.has(provider)
        : provider === wanted || provider === "cpu",
    );
    using _turn = await this.#turnstile.enter(signal);
    const key = keyOf(machine, load, graphs);
    const known = await this.#memory.read(key);
    const unknown = candidates.filter((wish) => !known.some(({ provider }) => provider === wish));
    const accelerators = unknown.filter((provider) => provider !== "cpu");
    if (accelerators.length === 0) return known;
    const { spawn, clock } = this.#options;
    const free = await (this.#options.freeMemory ?? freeMemory)();
    const need = memoryNeed(kind, load);
    const run = async (provider: RealProvider): Promise<Probed> => {
      const placement = Object.fromEntries(graphs.map(({ name }) => [name, provider]));
      const reason = shortage(modelNameOf(load.modelDir), need, placement, free);
      return reason === null
        ? await probe({ kind, load, provider }, { spawn, clock, signal })
        : tooLarge(provider, reason);
    };
    const probed: Probed[] = [];
    for (const provider of accelerators) probed.push(await run(provider));
    // Where nothing else works the CPU needs no comparison.
    const isContest = probed.some(({ samples }) => samples !== undefined);
    const reference = isContest ? await run("cpu") : undefined;
    const fresh = probed.map((result) => judged(result, reference)).concat(reference ?? []);
    const older = known.filter(({ provider }) => !fresh.some(({ outcome }) => outcome.provider === provider));
    const lasting = fresh.filter(({ isLasting }) => isLasting).map(({ outcome }) => outcome);
    await this.#memory.write(key, [...older, ...lasting]);
    return [...older, ...fresh.map(({ outcome }) => outcome)];
  }
}

interface Trial {
  readonly machine: Machine;
  readonly wanted: RealProvider | null;
  readonly graphs: readonly ModelGraph[];
  readonly signal: AbortSignal;
}

/** A provider that computes something else than the CPU does not work, however fast it is. */
function judged(probed: Probed, reference: Probed | undefined): Probed {
  // A model that the CPU cannot hold leaves nothing to compare with: then the device is all there is.
  if (!probed.samples || !reference?.samples) return probed;
  const reason = disagreement(probed.samples, reference.samples);
  return reason === null ? probed : { ...probed, outcome: { ...probed.outcome, verdict: "wrong", reason } };
}

/** Not worth remembering: memory comes and goes. */
function tooLarge(provider: RealProvider, reason: string): Probed {
  return { outcome: { provider, verdict: "refused", reason, loadMs: null, costs: {} }, isLasting: false };
}

interface RowContext {
  readonly machine: Machine;
  readonly wanted: RealProvider | null;
  readonly placement: Placement;
  readonly outcomes: readonly Outcome[];
  readonly lost: ReadonlyMap<RealProvider, string>;
  readonly isSmall: boolean;
}

function rowOf(provider: RealProvider, context: RowContext): ProviderRow {
  const { outcomes, placement } = context;
  const outcome = outcomes.find((known) => known.provider === provider);
  const graphs = Object.keys(placement).filter((graph) => placement[graph] === provider);
  const measured = { provider, graphs, loadMs: outcome?.loadMs ?? null, costs: outcome?.costs ?? {} };
  if (graphs.length === Object.keys(placement).length) return { ...measured, reason: null, fix: null };
  return { ...measured, ...whyNot(provider, outcome, context) };
}

function whyNot(
  provider: RealProvider,
  outcome: Outcome | undefined,
  { machine, wanted, placement, outcomes, lost, isSmall }: RowContext,
): Pick<ProviderRow, "reason" | "fix"> {
  const loss = lost.get(provider);
  if (loss !== undefined) {
    return { reason: `It failed while it was running: ${loss}`, fix: "Restart the models to use it again." };
  }
  const obstacle = obstacleTo(provider, machine);
  if (obstacle) return obstacle;
  if (outcome && outcome.verdict !== "works") {
    return { reason: outcome.reason, fix: fixFor(provider, machine, outcome.reason) };
  }
  if (wanted !== null) return { reason: `You chose ${providerLabels[wanted]}.`, fix: null };
  if (isSmall) {
    return {
      reason: "The model is so small that the processor is done before a device has begun.",
      fix: null,
    };
  }
  const choosy = onlyByName.get(provider);
  if (choosy) return { reason: choosy, fix: null };
  if (!outcome) return { reason: "No other provider works, so it was not measured.", fix: null };
  const [graph, winner] = Object.entries(placement).find(([, chosen]) => chosen !== provider)!;
  const reason = slowerThan(
    outcomes.find((best) => best.provider === winner),
    outcome,
    graph,
  );
  return { reason, fix: null };
}

/** Files are told apart by size and date: hashing gigabytes at every start would cost more than a trial. */
function keyOf({ fingerprint }: Machine, { modelDir }: Load, graphs: readonly ModelGraph[]): string {
  const files = graphs.map(({ path }) => {
    const { mtimeMs } = statSync(path);
    return `${basename(path)} ${graphBytes(path)} ${Math.round(mtimeMs)}`;
  });
  return createHash("sha256")
    .update(JSON.stringify([fingerprint, modelDir, files]))
    .digest("hex");
}

function processMemory(): OutcomeMemory {
  const known = new Map<string, readonly Outcome[]>();
  return {
    read: async (key) => known.get(key) ?? [],
    write: async (key, outcomes) => void known.set(key, outcomes),
  };
}
