import { useEffect, type ReactNode } from "react";
import type { ModelEntry } from "../../shared/app-contract.ts";
import { Badge, Button } from "../components/controls.tsx";
import { useSession, useStores } from "../session-context.ts";
import { AddModel } from "./add-model.tsx";
import { recommended, withoutKind } from "./choice.ts";
import { formatBytes } from "./figures.ts";
import { ModelCard } from "./model-card.tsx";
import { ProviderFacts } from "./provider-facts.tsx";
import styles from "./library.module.css";

const kinds = [
  {
    kind: "voxtral",
    title: "Answering",
    about: "Voxtral hears what you say and writes the answer.",
    demo: "About 110 kinds of short English questions and 230 sums. Comes with Parley, nothing to download.",
  },
  {
    kind: "kokoro",
    title: "Speaking",
    about: "Kokoro reads the answer aloud.",
    demo: "A small robot voice for English. Comes with Parley.",
  },
] as const;

/** The model library: what answers and speaks now, what else there is, and how far its download is. */
export function LibraryView(): ReactNode {
  const { commands } = useSession();
  const entries = useStores("models", (state) => state.entries);
  const hasLoaded = useStores("models", (state) => state.hasLoaded);
  const status = useStores("connection", (state) => state.status);
  const hasGraphicsCard = useStores("models", (state) => state.hasGraphicsCard);
  useEffect(() => {
    // Also after a lost connection: what happened meanwhile was told to nobody here.
    if (status === "open") void commands.loadModels();
  }, [commands, status]);
  const isKept = !hasLoaded || entries.length > 0;
  return (
    <div className={styles["view"]}>
      <Machine />
      {kinds.map(({ kind, title, about, demo }) => (
        <section key={kind} className={styles["group"]} aria-label={title}>
          <header>
            <h2>{title}</h2>
            <p>{about}</p>
            <ProviderFacts name={kind} />
          </header>
          <ul className={styles["cards"]}>
            {entries
              .filter((entry) => entry.kind === kind)
              .map((entry) => (
                <ModelCard
                  key={entry.id}
                  entry={entry}
                  isRecommended={recommended(kind, entries, hasGraphicsCard) === entry}
                />
              ))}
            <DemoCard kind={kind} text={demo} />
          </ul>
        </section>
      ))}
      {isKept ? (
        <section className={styles["group"]} aria-label="Another model">
          <header>
            <h2>Another model</h2>
            <p>Any repository, or folder of this machine, with the same files as Voxtral or Kokoro.</p>
          </header>
          <AddModel />
        </section>
      ) : (
        <p className={styles["empty"]}>Parley keeps nothing in this run, so it cannot keep models either.</p>
      )}
    </div>
  );
}

/** What of this machine decides which model to take. */
function Machine(): ReactNode {
  const memoryBytes = useStores("models", (state) => state.memoryBytes);
  const freeBytes = useStores("models", (state) => state.freeBytes);
  if (memoryBytes === 0) return null;
  return (
    <p className={styles["machine"]}>
      This machine has {formatBytes(memoryBytes)} of memory
      {freeBytes !== null && <> and {formatBytes(freeBytes)} of free disk space</>}. Everything runs here, and
      a model is fetched once, from huggingface.co or the mirror in <code>HF_ENDPOINT</code>.
    </p>
  );
}

function DemoCard({ kind, text }: { kind: ModelEntry["kind"]; text: string }): ReactNode {
  const { commands } = useSession();
  const entries = useStores("models", (state) => state.entries);
  const active = useStores("settings", ({ settings }) => settings.models.active);
  const isElsewhere = active.startsWith("/") || /^[A-Za-z]:[\\/]/.test(active);
  const isUsed =
    !isElsewhere && !entries.some((entry) => entry.kind === kind && active.split("+").includes(entry.id));
  const use = (): void =>
    void commands.change({ models: { active: isElsewhere ? "nano" : withoutKind(kind, active, entries) } });
  return (
    <li className={styles["card"]} data-used={isUsed ? "" : undefined}>
      <div className={styles["head"]}>
        <h3>Demo pack</h3>
        <Badge tone="warn">Demo</Badge>
        {isUsed && <Badge tone="tide">In use</Badge>}
      </div>
      <p className={styles["note"]}>{text}</p>
      {!isUsed && (
        <div className={styles["actions"]}>
          <Button onClick={use}>Use the demo</Button>
        </div>
      )}
    </li>
  );
}
