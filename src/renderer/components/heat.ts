import type { latencyTargets } from "../../shared/metrics.ts";

/** How a time stands to its budget: well inside, inside, over. Shape and words say the same as the colour. */
export type Heat = "cool" | "warm" | "hot";

export function heatOf(ms: number, budgetMs: number): Heat {
  if (ms > budgetMs) return "hot";
  return ms > budgetMs * 0.8 ? "warm" : "cool";
}

export type FigureName = keyof typeof latencyTargets;

export const figureNames: Readonly<Record<FigureName, string>> = {
  firstTokenMs: "First token",
  firstWordMs: "First word",
  firstAudioMs: "First audio",
  interTokenMs: "Inter-token",
};

/** The four figures with targets, in the order a turn meets them. */
export const figureOrder: readonly FigureName[] = [
  "firstTokenMs",
  "firstWordMs",
  "firstAudioMs",
  "interTokenMs",
];

/** Milliseconds for people: no decimals from 100 up, one below 10. */
export function formatMs(ms: number | null): string {
  if (ms === null || !Number.isFinite(ms)) return "–";
  if (Math.abs(ms) >= 10_000) return `${(ms / 1000).toFixed(1)} s`;
  return `${ms.toFixed(Math.abs(ms) < 10 ? 1 : 0)} ms`;
}
