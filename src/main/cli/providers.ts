import type { ProviderRow } from "../../shared/provider-row.ts";
import { engineState } from "../app/engine-state.ts";
import { demoId } from "../app/model-choice.ts";
import { freeMemory, inGb } from "../models/providers/memory.ts";
import type { Output } from "./ask.ts";
import type { CommonOptions } from "./options.ts";
import { openEngine } from "./session.ts";

const models = ["voxtral", "kokoro"] as const;

/** Loads the models and shows what each of their graphs runs on, and why not on the rest. Returns the exit code. */
export async function providers(
  { model, isJson }: CommonOptions,
  output: Output,
  signal: AbortSignal,
): Promise<number> {
  const engine = openEngine(model, signal);
  try {
    await engine.ready;
    const state = engineState(engine, model === demoId);
    for (const kind of models) {
      const { modelName, loadMs, stepMs, providerRows, providers: graphs, dtypes } = state[kind];
      if (isJson) {
        const line = { kind, model: modelName, graphs, dtypes, loadMs, stepMs, providers: providerRows };
        output.reply(`${JSON.stringify(line)}\n`);
        continue;
      }
      const precision = [...new Set(Object.values(dtypes))].join(" + ");
      const times = `loaded in ${inWords(loadMs)}, a step takes ${inWords(stepMs)}`;
      output.reply(`${kind}: ${modelName} (${precision}), ${times}\n`);
      for (const row of providerRows) output.reply(`${rowText(row)}\n`);
      output.reply("\n");
    }
    const { ramBytes, deviceBytes } = await freeMemory();
    const device = deviceBytes === null ? "unknown" : `${inGb(deviceBytes)} free`;
    if (!isJson) output.reply(`memory: ${inGb(ramBytes)} free · graphics memory: ${device}\n`);
    return 0;
  } finally {
    await engine.dispose();
  }
}

function rowText({ provider, graphs, loadMs, costs, reason, fix }: ProviderRow): string {
  const times = Object.entries(costs).map(([graph, { prefillMs, stepMs }]) => {
    const prompt = prefillMs === null ? "" : `${inWords(prefillMs)} a prompt and `;
    return `${graph} ${prompt}${inWords(stepMs)} a step`;
  });
  const facts = [
    graphs.length > 0 ? `runs ${graphs.join(", ")}` : "",
    loadMs === null ? "" : `loads in ${inWords(loadMs)}`,
    ...times,
    reason ?? "",
    fix === null ? "" : `→ ${fix}`,
  ];
  return `  ${provider.padEnd(9)} ${facts.filter(Boolean).join(" · ")}`;
}

function inWords(ms: number | null): string {
  if (ms === null) return "unknown time";
  return ms < 1000 ? `${ms.toFixed(ms < 10 ? 1 : 0)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
