import { Dialog } from "@base-ui/react/dialog";
import { Field } from "@base-ui/react/field";
import { useState, type ReactNode } from "react";
import type { ModelEntry } from "../../shared/app-contract.ts";
import { Button } from "../components/controls.tsx";
import controls from "../components/controls.module.css";
import { useSession } from "../session-context.ts";
import styles from "./library.module.css";

interface ImportProps {
  readonly isOpen: boolean;
  readonly entry: ModelEntry;
  readonly onClose: () => void;
}

/** Takes a model's files from where they already are on this machine. */
export function ImportDialog({ isOpen, entry, onClose }: ImportProps): ReactNode {
  return (
    <Dialog.Root open={isOpen} onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className={controls["backdrop"]} />
        <Dialog.Popup className={controls["dialog"]}>
          <Dialog.Title className={controls["dialogTitle"]}>Import {entry.name}</Dialog.Title>
          <Dialog.Description className={controls["dialogText"]}>
            A folder that holds a copy of {entry.repo}, or nothing at all for the Hugging Face cache of this
            machine. Every file is compared with the hub; the folder keeps its own.
          </Dialog.Description>
          <ImportForm entry={entry} onClose={onClose} />
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function ImportForm({ entry, onClose }: Omit<ImportProps, "isOpen">): ReactNode {
  const { commands } = useSession();
  const [folder, setFolder] = useState("");
  const [problem, setProblem] = useState<string | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  const submit = async (): Promise<void> => {
    setIsBusy(true);
    const found = await commands.importModel(entry.id, folder.trim() || undefined);
    setIsBusy(false);
    setProblem(found);
    if (found === null) onClose();
  };
  return (
    <form
      className={styles["form"]}
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <Field.Root invalid={problem !== null}>
        <Field.Label>Folder</Field.Label>
        <Field.Control
          className={controls["input"]}
          value={folder}
          maxLength={4096}
          placeholder="The Hugging Face cache"
          onValueChange={(value) => setFolder(value)}
        />
        {problem !== null && (
          <p className={styles["error"]} role="alert">
            {problem}
          </p>
        )}
      </Field.Root>
      <div className={controls["dialogActions"]}>
        <Dialog.Close render={<Button />}>Cancel</Dialog.Close>
        <Button type="submit" tone="primary" disabled={isBusy}>
          {isBusy ? "Importing…" : "Import"}
        </Button>
      </div>
    </form>
  );
}
