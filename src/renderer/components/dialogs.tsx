import { AlertDialog } from "@base-ui/react/alert-dialog";
import { Dialog } from "@base-ui/react/dialog";
import { useState, type ReactNode } from "react";
import { Button } from "./controls.tsx";
import styles from "./controls.module.css";

/** Asks before something that cannot be undone. */
export function ConfirmDialog(props: {
  readonly isOpen: boolean;
  readonly title: string;
  readonly text: string;
  readonly action: string;
  readonly onConfirm: () => void;
  readonly onClose: () => void;
}): ReactNode {
  return (
    <AlertDialog.Root open={props.isOpen} onOpenChange={(isOpen) => !isOpen && props.onClose()}>
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className={styles["backdrop"]} />
        <AlertDialog.Popup className={styles["dialog"]}>
          <AlertDialog.Title className={styles["dialogTitle"]}>{props.title}</AlertDialog.Title>
          <AlertDialog.Description className={styles["dialogText"]}>{props.text}</AlertDialog.Description>
          <div className={styles["dialogActions"]}>
            <AlertDialog.Close render={<Button />}>Cancel</AlertDialog.Close>
            <AlertDialog.Close render={<Button tone="danger" onClick={props.onConfirm} />}>
              {props.action}
            </AlertDialog.Close>
          </div>
        </AlertDialog.Popup>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}

/** Asks for a new name. */
export function RenameDialog(props: {
  readonly isOpen: boolean;
  readonly name: string;
  readonly onRename: (name: string) => void;
  readonly onClose: () => void;
}): ReactNode {
  return (
    <Dialog.Root open={props.isOpen} onOpenChange={(isOpen) => !isOpen && props.onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className={styles["backdrop"]} />
        <Dialog.Popup className={styles["dialog"]}>
          <Dialog.Title className={styles["dialogTitle"]}>Rename conversation</Dialog.Title>
          <RenameForm name={props.name} onRename={props.onRename} onClose={props.onClose} />
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function RenameForm(props: {
  readonly name: string;
  readonly onRename: (name: string) => void;
  readonly onClose: () => void;
}): ReactNode {
  const [name, setName] = useState(props.name);
  const submit = (): void => {
    if (name.trim() !== "") props.onRename(name.trim());
    props.onClose();
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <input
        className={styles["input"]}
        aria-label="Name"
        value={name}
        maxLength={200}
        onChange={(event) => setName(event.target.value)}
        onFocus={(event) => event.target.select()}
      />
      <div className={styles["dialogActions"]} data-spaced="">
        <Dialog.Close render={<Button />}>Cancel</Dialog.Close>
        <Button type="submit" tone="primary">
          Rename
        </Button>
      </div>
    </form>
  );
}

const shortcuts: readonly { keys: readonly string[]; does: string }[] = [
  { keys: ["Space"], does: "Hold to talk. A short tap starts, the next tap sends" },
  { keys: ["Space"], does: "While Parley speaks: stop it and listen" },
  { keys: ["Esc"], does: "Cancel what you were saying, or stop the reply" },
  { keys: ["M"], does: "Mute the microphone or unmute it; Alt M also while you type" },
  { keys: ["Ctrl", "K"], does: "Search conversations" },
  { keys: ["Alt", "N"], does: "New conversation" },
  { keys: ["Alt", "T"], does: "Type a question" },
  { keys: ["Alt", "1 – 4"], does: "Conversation, latency, models, settings" },
  { keys: ["Ctrl", "/"], does: "This list" },
];

/** The list of keys. */
export function ShortcutsDialog(props: {
  readonly isOpen: boolean;
  readonly globalKey: string;
  readonly onClose: () => void;
}): ReactNode {
  const isMac = navigator.userAgent.includes("Mac");
  return (
    <Dialog.Root open={props.isOpen} onOpenChange={(isOpen) => !isOpen && props.onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className={styles["backdrop"]} />
        <Dialog.Popup className={styles["dialog"]}>
          <Dialog.Title className={styles["dialogTitle"]}>Keyboard</Dialog.Title>
          <dl className={styles["keys"]}>
            {props.globalKey !== "" && (
              <div>
                <dt>
                  <kbd>{props.globalKey}</kbd>
                </dt>
                <dd>Talk from any program</dd>
              </div>
            )}
            {shortcuts.map(({ keys, does }) => (
              <div key={does}>
                <dt>
                  {keys.map((key) => (
                    <kbd key={key}>{isMac && key === "Ctrl" ? "⌘" : key}</kbd>
                  ))}
                </dt>
                <dd>{does}</dd>
              </div>
            ))}
          </dl>
          <div className={styles["dialogActions"]}>
            <Dialog.Close render={<Button />}>Close</Dialog.Close>
          </div>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
