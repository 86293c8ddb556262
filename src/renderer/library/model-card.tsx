import { Progress } from "@base-ui/react/progress";
import { Ellipsis, FolderInput, HardDriveDownload, ShieldCheck, Trash2 } from "lucide-react";
import { useState, type ReactNode } from "react";
import type { ModelEntry } from "../../shared/app-contract.ts";
import { Badge, Button, ChoiceMenu, IconButton, type MenuChoice } from "../components/controls.tsx";
import { ConfirmDialog } from "../components/dialogs.tsx";
import { useSession, useStores } from "../session-context.ts";
import { fitOf, isInUse, withModel } from "./choice.ts";
import { formatBytes, progressPercent, progressText } from "./figures.ts";
import { ImportDialog } from "./import-dialog.tsx";
import styles from "./library.module.css";

const stateNames: Readonly<Record<ModelEntry["state"], string>> = {
  absent: "Not here",
  downloading: "Downloading",
  paused: "Paused",
  checking: "Checking every file",
  ready: "Ready",
  failed: "Stopped",
};

/** One precision of a model: what it takes, how far it is, and what can be done with it. */
export function ModelCard(props: { readonly entry: ModelEntry; readonly isRecommended: boolean }): ReactNode {
  const { entry, isRecommended } = props;
  const active = useStores("settings", ({ settings }) => settings.models.active);
  const isUsed = isInUse(entry, active);
  return (
    <li className={styles["card"]} data-used={isUsed ? "" : undefined} data-model={entry.id}>
      <div className={styles["head"]}>
        <h3>{entry.name}</h3>
        {isRecommended && <Badge>Recommended here</Badge>}
        {isUsed && <Badge tone="tide">In use</Badge>}
        <More entry={entry} />
      </div>
      <p className={styles["note"]}>{entry.note}</p>
      <Facts entry={entry} />
      {(entry.state === "downloading" || entry.state === "paused" || entry.state === "checking") && (
        <Transfer entry={entry} />
      )}
      {entry.error && (
        <p className={styles["error"]} role="alert">
          {entry.error.message}
        </p>
      )}
      <Actions entry={entry} isUsed={isUsed} isPrimary={isRecommended} />
    </li>
  );
}

function Facts({ entry }: { entry: ModelEntry }): ReactNode {
  const hasGraphicsCard = useStores("models", (state) => state.hasGraphicsCard);
  const memoryBytes = useStores("models", (state) => state.memoryBytes);
  const freeBytes = useStores("models", (state) => state.freeBytes);
  const { verdict, text } = fitOf(entry, memoryBytes, hasGraphicsCard);
  const leftBytes = (entry.totalBytes ?? 0) - entry.receivedBytes;
  const lacksRoom = entry.state !== "ready" && freeBytes !== null && leftBytes > freeBytes;
  return (
    <ul className={styles["facts"]}>
      <li data-verdict={verdict}>{text}</li>
      {lacksRoom && (
        <li data-verdict="too-big">Free {formatBytes(leftBytes - freeBytes)} more on the disk first</li>
      )}
      {entry.totalBytes !== null && (
        <li>
          {formatBytes(entry.totalBytes)} {entry.state === "ready" ? "on disk" : "to download"}
        </li>
      )}
      <li>{formatBytes(entry.memoryBytes)} of memory</li>
      <li>{entry.licence}</li>
      <li className={styles["repo"]}>{entry.repo}</li>
    </ul>
  );
}

function Transfer({ entry }: { entry: ModelEntry }): ReactNode {
  const percent = progressPercent(entry);
  const isChecking = entry.state === "checking";
  // Told aloud in steps of a quarter: each percent would drown everything else a screen reader has to say.
  const quarter = percent === null ? 0 : Math.floor(percent / 25) * 25;
  return (
    <Progress.Root
      className={styles["progress"]}
      value={isChecking ? null : percent}
      getAriaValueText={() => (isChecking ? stateNames.checking : progressText(entry))}
    >
      <Progress.Label className={styles["progressLabel"]}>{stateNames[entry.state]}</Progress.Label>
      <span className={styles["progressText"]}>{isChecking ? "" : progressText(entry)}</span>
      <Progress.Track className={styles["track"]} data-state={entry.state}>
        <Progress.Indicator className={styles["bar"]} />
      </Progress.Track>
      <span className="only-heard" role="status">
        {entry.name}: {stateNames[entry.state]}
        {quarter > 0 && `, ${quarter} percent`}
      </span>
    </Progress.Root>
  );
}

function Actions(props: {
  readonly entry: ModelEntry;
  readonly isUsed: boolean;
  readonly isPrimary: boolean;
}): ReactNode {
  const { commands } = useSession();
  const entries = useStores("models", (state) => state.entries);
  const active = useStores("settings", ({ settings }) => settings.models.active);
  const { entry, isUsed, isPrimary } = props;
  const { id, state, fitsMemory } = entry;
  const download = (): void => void commands.downloadModel(id);
  const tone = isPrimary ? "primary" : "plain";
  switch (state) {
    case "absent":
      return (
        <div className={styles["actions"]}>
          <Button tone={fitsMemory ? tone : "plain"} onClick={download}>
            <HardDriveDownload aria-hidden size={16} />
            Download
          </Button>
        </div>
      );
    case "downloading":
    case "checking":
      return (
        <div className={styles["actions"]}>
          <Button onClick={() => void commands.pauseModel(id)}>
            {state === "checking" ? "Stop checking" : "Pause"}
          </Button>
        </div>
      );
    case "paused":
    case "failed":
      return (
        <div className={styles["actions"]}>
          <Button tone={tone} onClick={download}>
            {state === "paused" ? "Resume" : "Try again"}
          </Button>
        </div>
      );
    default:
      if (isUsed) return null;
      return (
        <div className={styles["actions"]}>
          <Button
            tone="primary"
            onClick={() => void commands.change({ models: { active: withModel(entry, active, entries) } })}
          >
            Use it
          </Button>
        </div>
      );
  }
}

/** What is done rarely. */
function More({ entry }: { entry: ModelEntry }): ReactNode {
  const { commands } = useSession();
  const [dialog, setDialog] = useState<"delete" | "import" | null>(null);
  const { id, name, state, receivedBytes } = entry;
  const isBusy = state === "downloading" || state === "checking";
  const choices: MenuChoice[] = [];
  if (state === "ready" || state === "failed") {
    choices.push({
      label: "Check every file",
      icon: <ShieldCheck aria-hidden size={15} />,
      onChoose: () => void commands.verifyModel(id),
    });
  }
  if (state !== "ready" && !isBusy) {
    choices.push({
      label: "Import from a folder…",
      icon: <FolderInput aria-hidden size={15} />,
      onChoose: () => setDialog("import"),
    });
  }
  if (state !== "absent") {
    choices.push({
      label: isBusy || state === "paused" ? "Cancel and delete…" : "Delete…",
      icon: <Trash2 aria-hidden size={15} />,
      isDangerous: true,
      onChoose: () => setDialog("delete"),
    });
  }
  return (
    <>
      <ChoiceMenu
        trigger={
          <IconButton label={`More for ${name}`} className={styles["more"]}>
            <Ellipsis aria-hidden size={16} />
          </IconButton>
        }
        choices={choices}
      />
      <ConfirmDialog
        isOpen={dialog === "delete"}
        title={`Delete ${name}?`}
        text={`${formatBytes(receivedBytes)} are removed from this machine. To use it again, it has to be downloaded again.`}
        action="Delete"
        onConfirm={() => void commands.removeModel(id)}
        onClose={() => setDialog(null)}
      />
      <ImportDialog isOpen={dialog === "import"} entry={entry} onClose={() => setDialog(null)} />
    </>
  );
}
