import { useState, type ReactNode } from "react";
import type { EngineState } from "../../shared/app-contract.ts";
import { settingsSchema } from "../../shared/settings.ts";
import { Badge, Button } from "../components/controls.tsx";
import { formatMs } from "../components/heat.ts";
import { useSession, useStores } from "../session-context.ts";
import { SelectRow, SliderRow, useSetting } from "./setting.tsx";
import styles from "./settings.module.css";

const providerNames = {
  auto: "Automatic: the fastest that works",
  cpu: "CPU",
  webgpu: "WebGPU",
  cuda: "CUDA (NVIDIA)",
  tensorrt: "TensorRT (NVIDIA)",
  dml: "DirectML (Windows)",
  coreml: "Core ML (macOS)",
} as const;

const processes = [
  { name: "listener", title: "Hearing" },
  { name: "voxtral", title: "Answering" },
  { name: "kokoro", title: "Speaking" },
] as const;

/** Which models run, on what, and whether they do. */
export function ModelSettings(): ReactNode {
  const engine = useStores("engine", (state) => state.engine);
  const provider = useSetting("models", "provider");
  const threads = useSetting("models", "threads");
  const unloadAfter = useSetting("models", "unloadAfterMinutes");
  return (
    <>
      {engine && <EngineList engine={engine} />}
      <p className={styles["hint"]}>
        Other models, and what each of them could run on: <a href="#/models">Models</a>
      </p>
      <SelectRow
        title="Run on"
        hint="Takes effect when the models are started again"
        setting={provider}
        groups={[
          {
            heading: null,
            options: Object.entries(providerNames).map(([value, label]) => ({ value, label })),
          },
        ]}
        onChange={(value) => {
          const parsed = settingsSchema.safeParse({ models: { provider: value } });
          if (parsed.success) provider.save(parsed.data.models.provider);
        }}
      />
      <SliderRow
        title="Processor threads"
        setting={threads}
        min={0}
        max={16}
        step={1}
        format={(value) => (value === 0 ? "automatic" : String(value))}
      />
      <SliderRow
        title="Free their memory when idle"
        hint="They load again while you speak: the first answer after a rest comes later"
        setting={unloadAfter}
        min={0}
        max={120}
        step={5}
        format={(value) => (value === 0 ? "never" : `after ${value} min`)}
      />
    </>
  );
}

function EngineList({ engine }: { engine: EngineState }): ReactNode {
  const { commands } = useSession();
  const [isRestarting, setIsRestarting] = useState(false);
  const restart = async (): Promise<void> => {
    setIsRestarting(true);
    await commands.restartEngine();
    setIsRestarting(false);
  };
  return (
    <div className={styles["engine"]}>
      <ul>
        {processes.map(({ name, title }) => {
          const { state, modelName, providers, dtypes, loadMs, restarts, error } = engine[name];
          const isWell = state === "ready" || state === "resting";
          const runsOn = [...new Set(Object.values(providers))].join(" + ");
          const precision = [...new Set(Object.values(dtypes))].join(" + ");
          return (
            <li key={name}>
              <b>{title}</b>
              <span>
                {[modelName, precision, loadMs !== null && `loaded in ${formatMs(loadMs)}`]
                  .filter(Boolean)
                  .join(" · ")}
                {restarts > 0 && ` · restarted ${restarts}×`}
                {error && <em>{error.message}</em>}
              </span>
              <span className={styles["engineBadges"]}>
                {runsOn !== "" && <Badge title="Where it really runs">{runsOn}</Badge>}
                <Badge
                  tone={isWell ? "tide" : state === "starting" || state === "restarting" ? "warn" : "bad"}
                >
                  {state.replace("-", " ")}
                </Badge>
              </span>
            </li>
          );
        })}
      </ul>
      <Button disabled={isRestarting} onClick={() => void restart()}>
        {isRestarting ? "Restarting…" : "Restart the models"}
      </Button>
    </div>
  );
}
