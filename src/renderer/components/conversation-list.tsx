import { Download, Ellipsis, FileText, Pencil, Plus, Search, Trash2 } from "lucide-react";
import { useState, type ReactNode } from "react";
import type { ConversationSummary } from "../../shared/app-contract.ts";
import { useSession, useStores } from "../session-context.ts";
import { ChoiceMenu, IconButton } from "./controls.tsx";
import { ConfirmDialog, RenameDialog } from "./dialogs.tsx";
import { formatWhen } from "./when.ts";
import styles from "./conversation-list.module.css";

/** The history: search, open, rename, delete, export. `onOpened` lets a narrow window close its drawer. */
export function ConversationList({ onOpened }: { onOpened?: () => void }): ReactNode {
  const { commands } = useSession();
  const query = useStores("conversations", (state) => state.query);
  // Of the field itself: the store's text is drawn a frame later, and React would take back what was typed in between.
  const [typed, setTyped] = useState(query);
  const list = useStores("conversations", (state) => state.list);
  const hasLoaded = useStores("conversations", (state) => state.hasLoaded);
  const create = async (): Promise<void> => {
    await commands.createConversation();
    location.hash = "#/";
    onOpened?.();
  };
  return (
    <div className={styles["panel"]}>
      <div className={styles["tools"]}>
        <label className={styles["search"]}>
          <Search aria-hidden size={15} />
          <span className="only-heard">Search conversations</span>
          <input
            data-search=""
            type="search"
            placeholder="Search"
            value={typed}
            maxLength={200}
            onChange={(event) => {
              setTyped(event.target.value);
              void commands.search(event.target.value);
            }}
          />
        </label>
        <IconButton label="New conversation" onClick={() => void create()}>
          <Plus aria-hidden size={18} />
        </IconButton>
      </div>
      <ul className={styles["list"]} aria-label="Conversations">
        {list.map((summary) => (
          <Entry key={summary.id} summary={summary} {...(onOpened ? { onOpened } : {})} />
        ))}
      </ul>
      {hasLoaded && list.length === 0 && (
        <p className={styles["none"]}>
          {query === ""
            ? "What you talk about will be kept here, on this machine."
            : `Nothing about “${query}”.`}
        </p>
      )}
    </div>
  );
}

function Entry({ summary, onOpened }: { summary: ConversationSummary; onOpened?: () => void }): ReactNode {
  const { commands } = useSession();
  const isCurrent = useStores("conversations", ({ current }) => current?.summary.id === summary.id);
  const [dialog, setDialog] = useState<"rename" | "delete" | null>(null);
  const title = summary.title || "New conversation";
  const open = async (): Promise<void> => {
    await commands.openConversation(summary.id);
    location.hash = "#/";
    onOpened?.();
  };
  return (
    <li className={styles["entry"]} data-current={isCurrent ? "" : undefined}>
      <button
        type="button"
        className={styles["open"]}
        aria-current={isCurrent ? "true" : undefined}
        onClick={() => void open()}
      >
        <span className={styles["title"]}>{title}</span>
        <span className={styles["when"]}>{formatWhen(summary.updatedAtMs, Date.now())}</span>
        <span className={styles["preview"]}>{summary.preview || "Nothing said yet"}</span>
      </button>
      <ChoiceMenu
        trigger={
          <IconButton label={`More for ${title}`} className={styles["more"]}>
            <Ellipsis aria-hidden size={16} />
          </IconButton>
        }
        choices={[
          { label: "Rename", icon: <Pencil aria-hidden size={15} />, onChoose: () => setDialog("rename") },
          {
            label: "Export as Markdown",
            icon: <FileText aria-hidden size={15} />,
            onChoose: () => void commands.exportConversation(summary.id, "markdown"),
          },
          {
            label: "Export as JSON",
            icon: <Download aria-hidden size={15} />,
            onChoose: () => void commands.exportConversation(summary.id, "json"),
          },
          {
            label: "Delete",
            icon: <Trash2 aria-hidden size={15} />,
            isDangerous: true,
            onChoose: () => setDialog("delete"),
          },
        ]}
      />
      <RenameDialog
        isOpen={dialog === "rename"}
        name={title}
        onRename={(name) => void commands.renameConversation(summary.id, name)}
        onClose={() => setDialog(null)}
      />
      <ConfirmDialog
        isOpen={dialog === "delete"}
        title={`Delete “${title}”?`}
        text="Its questions, replies and latency figures are removed from this machine. This cannot be undone."
        action="Delete"
        onConfirm={() => void commands.deleteConversation(summary.id)}
        onClose={() => setDialog(null)}
      />
    </li>
  );
}
