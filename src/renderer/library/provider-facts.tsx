import { Collapsible } from "@base-ui/react/collapsible";
import { ChevronDown } from "lucide-react";
import type { ReactNode } from "react";
import type { ProviderRow } from "../../shared/provider-row.ts";
import { Badge } from "../components/controls.tsx";
import { formatMs } from "../components/heat.ts";
import { useStores } from "../session-context.ts";
import styles from "./library.module.css";

const names: Readonly<Record<string, string>> = {
  cpu: "Processor",
  webgpu: "WebGPU",
  cuda: "CUDA",
  tensorrt: "TensorRT",
  dml: "DirectML",
  coreml: "Core ML",
};

/** What a model really runs on, and for each other provider why not and what can be done about it (R21). */
export function ProviderFacts({ name }: { name: "voxtral" | "kokoro" }): ReactNode {
  const state = useStores("engine", ({ engine }) => engine?.[name] ?? null);
  if (!state || state.modelName === null) return null;
  const runsOn = [...new Set(Object.values(state.providers))].map((id) => names[id] ?? id).join(" and ");
  return (
    <div className={styles["runs"]}>
      <p>
        <Badge tone={state.state === "ready" ? "tide" : "warn"}>{runsOn || state.state}</Badge>
        {state.loadMs !== null && ` loaded in ${formatMs(state.loadMs)}`}
        {state.stepMs !== null &&
          ` · ${formatMs(state.stepMs)} a ${name === "voxtral" ? "token" : "sentence"}`}
      </p>
      {state.providerRows.length > 0 && (
        <Collapsible.Root>
          <Collapsible.Trigger className={styles["why"]}>
            What else could run it
            <ChevronDown aria-hidden size={14} />
          </Collapsible.Trigger>
          <Collapsible.Panel render={<ul />} className={styles["providers"]}>
            {state.providerRows.map((row) => (
              <Provider key={row.provider} row={row} />
            ))}
          </Collapsible.Panel>
        </Collapsible.Root>
      )}
    </div>
  );
}

function Provider({ row }: { row: ProviderRow }): ReactNode {
  const steps = Object.entries(row.costs).map(([graph, { stepMs }]) => `${graph} ${formatMs(stepMs)}`);
  return (
    <li>
      <b>{names[row.provider] ?? row.provider}</b>
      {row.graphs.length > 0 && <span> runs {row.graphs.join(", ")}</span>}
      {steps.length > 0 && <span className={styles["costs"]}>{steps.join(" · ")}</span>}
      {row.reason !== null && <span>{row.reason}</span>}
      {row.fix !== null && <span>{row.fix}</span>}
    </li>
  );
}
