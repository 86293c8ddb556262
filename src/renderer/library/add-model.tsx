import { Field } from "@base-ui/react/field";
import { useState, type ReactNode } from "react";
import { Button } from "../components/controls.tsx";
import controls from "../components/controls.module.css";
import { useSession } from "../session-context.ts";
import styles from "./library.module.css";

const repository = /^[\w.-]+\/[\w.-]+$/;
/** Of any system: the page may be on another than the one that looks at the folder. */
const wholePath = /^(\/|[A-Za-z]:[\\/]|\\\\)/;

/** Adds a repository of the hub, or a folder, to the list; what is wrong with it is said at the field. */
export function AddModel(): ReactNode {
  const { commands } = useSession();
  const [repo, setRepo] = useState("");
  const [dtype, setDtype] = useState("");
  const [problem, setProblem] = useState<string | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  const submit = async (): Promise<void> => {
    const name = repo.trim();
    if (!repository.test(name) && !wholePath.test(name)) {
      setProblem(
        "Name it as owner/name, for example onnx-community/Voxtral-Mini-3B-2507-ONNX, or a folder by its whole path.",
      );
      return;
    }
    setIsBusy(true);
    const found = await commands.addModel(name, dtype.trim() || undefined);
    setIsBusy(false);
    setProblem(found);
    if (found === null) {
      setRepo("");
      setDtype("");
    }
  };
  return (
    <form
      className={styles["form"]}
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <Field.Root className={styles["field"]} invalid={problem !== null}>
        <Field.Label>Repository or folder</Field.Label>
        <Field.Control
          className={controls["input"]}
          value={repo}
          maxLength={4096}
          placeholder="owner/name, or /path/to/folder"
          spellCheck={false}
          onValueChange={(value) => {
            setRepo(value);
            setProblem(null);
          }}
        />
        {problem !== null && (
          <p className={styles["error"]} role="alert">
            {problem}
          </p>
        )}
      </Field.Root>
      <Field.Root className={styles["field"]}>
        <Field.Label>Precision</Field.Label>
        <Field.Control
          className={controls["input"]}
          value={dtype}
          maxLength={20}
          placeholder="the smallest there is"
          spellCheck={false}
          onValueChange={(value) => setDtype(value)}
        />
      </Field.Root>
      <Button type="submit" disabled={isBusy || repo.trim() === ""}>
        {isBusy ? "Looking…" : "Add to the list"}
      </Button>
    </form>
  );
}
