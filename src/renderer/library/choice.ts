import type { ModelEntry } from "../../shared/app-contract.ts";

/** The demo pack, which answers and speaks by itself, in `settings.models.active`. */
export const DEMO = "nano";

/** Ids that `active` names: none for the demo pack and for a folder. */
function idsOf(active: string, entries: readonly ModelEntry[]): readonly string[] {
  const known = new Set(entries.map(({ id }) => id));
  return active.split("+").filter((id) => known.has(id));
}

/** Whether this model is the one that answers, or speaks. */
export function isInUse({ id }: ModelEntry, active: string): boolean {
  return active.split("+").includes(id);
}

/** `active` with this model in place of the one that did its work; the other kind stays what it is. */
export function withModel(entry: ModelEntry, active: string, entries: readonly ModelEntry[]): string {
  const kindOf = new Map(entries.map(({ id, kind }) => [id, kind]));
  const others = idsOf(active, entries).filter((id) => kindOf.get(id) !== entry.kind);
  return entry.kind === "voxtral" ? [entry.id, ...others].join("+") : [...others, entry.id].join("+");
}

/** `active` with the demo pack doing what models of this kind did. */
export function withoutKind(
  kind: ModelEntry["kind"],
  active: string,
  entries: readonly ModelEntry[],
): string {
  const kindOf = new Map(entries.map(({ id, kind: each }) => [id, each]));
  return (
    idsOf(active, entries)
      .filter((id) => kindOf.get(id) !== kind)
      .join("+") || DEMO
  );
}

/**
 * The model of a kind to begin with: the first of the catalogue, whose order is best first, that runs well on what this
 * machine has. `hasGraphicsCard` null stands for not known, and counts as no.
 */
export function recommended(
  kind: ModelEntry["kind"],
  entries: readonly ModelEntry[],
  hasGraphicsCard: boolean | null,
): ModelEntry | undefined {
  const device = hasGraphicsCard ? "gpu" : "cpu";
  const fitting = entries.filter((entry) => entry.kind === kind && entry.fitsMemory);
  return fitting.find(({ fits }) => fits.includes(device)) ?? fitting[0];
}

export interface Fit {
  readonly verdict: "fits" | "tight" | "too-big";
  readonly text: string;
}

/** More of the memory than this, and little is left for everything else that runs. */
const TIGHT_SHARE = 0.6;

/** Whether a model fits this machine's memory, in words; bytes. */
export function fitOf(entry: ModelEntry, memoryBytes: number, hasGraphicsCard: boolean | null): Fit {
  if (!entry.fitsMemory) return { verdict: "too-big", text: "Needs more memory than this machine has" };
  if (memoryBytes > 0 && entry.memoryBytes > TIGHT_SHARE * memoryBytes) {
    return { verdict: "tight", text: "Fits if little else runs" };
  }
  if (!entry.fits.includes("cpu") && hasGraphicsCard === false) {
    return { verdict: "tight", text: "Made for a graphics card; slow without one" };
  }
  return { verdict: "fits", text: "Fits this machine" };
}
