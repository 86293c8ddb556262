import { Download, Trash2 } from "lucide-react";
import { useState, type ReactNode } from "react";
import type { LatencyFilter } from "../../shared/app-contract.ts";
import { ChoiceMenu, IconButton } from "../components/controls.tsx";
import { ConfirmDialog } from "../components/dialogs.tsx";
import { SelectField, type SelectOption } from "../components/select-field.tsx";
import { useSession, useStores } from "../session-context.ts";
import styles from "./dashboard.module.css";

/** Stands for "no restriction" in a list, where a missing value cannot stand. */
const ANY = "";

/** Which turns are shown, and what can be done with them. */
export function Filters(): ReactNode {
  const { commands } = useSession();
  const filter = useStores("latency", (state) => state.filter);
  const models = useStores("latency", (state) => state.models);
  const providers = useStores("latency", (state) => state.providers);
  const conversationId = useStores("conversations", ({ current }) => current?.summary.id);
  const load = (next: LatencyFilter): void => void commands.loadLatency(next);
  return (
    <div className={styles["filters"]} role="group" aria-label="Turns shown">
      <Choice
        label="Model"
        value={filter.model ?? ANY}
        options={[{ value: ANY, label: "All models" }, ...models.map(asOption)]}
        onChange={(model) => load(withChoice(filter, "model", model))}
      />
      <Choice
        label="Provider"
        value={filter.provider ?? ANY}
        options={[{ value: ANY, label: "All providers" }, ...providers.map(asOption)]}
        onChange={(provider) => load(withChoice(filter, "provider", provider))}
      />
      <Choice
        label="Cold or warm"
        value={filter.cold}
        options={[
          { value: "all", label: "Cold or warm" },
          { value: "warm", label: "Warm only" },
          { value: "cold", label: "Cold only" },
        ]}
        onChange={(cold) => {
          if (cold === "all" || cold === "warm" || cold === "cold") load({ ...filter, cold });
        }}
      />
      <Choice
        label="Input"
        value={filter.input}
        options={[
          { value: "all", label: "Voice or text" },
          { value: "voice", label: "Spoken" },
          { value: "text", label: "Typed" },
        ]}
        onChange={(input) => {
          if (input === "all" || input === "voice" || input === "text") load({ ...filter, input });
        }}
      />
      <Choice
        label="Answered ahead"
        value={filter.speculation}
        options={[
          { value: "all", label: "Ahead or not" },
          { value: "hit", label: "Answered ahead" },
          { value: "miss", label: "Ahead in vain" },
          { value: "none", label: "Not ahead" },
        ]}
        onChange={(speculation) => {
          if (
            speculation === "all" ||
            speculation === "hit" ||
            speculation === "miss" ||
            speculation === "none"
          )
            load({ ...filter, speculation });
        }}
      />
      {conversationId !== undefined && (
        <Choice
          label="Conversation"
          value={filter.conversationId ?? ANY}
          options={[
            { value: ANY, label: "All conversations" },
            { value: conversationId, label: "This conversation" },
          ]}
          onChange={(id) => load(withChoice(filter, "conversationId", id))}
        />
      )}
      <span className={styles["gap"]} />
      <Actions />
    </div>
  );
}

function Actions(): ReactNode {
  const { commands } = useSession();
  const isEmpty = useStores("latency", (state) => state.records.length === 0);
  const [isClearing, setIsClearing] = useState(false);
  if (isEmpty) return null;
  return (
    <>
      <ChoiceMenu
        trigger={
          <IconButton label="Export">
            <Download aria-hidden size={16} />
          </IconButton>
        }
        choices={[
          { label: "JSON", onChoose: () => void commands.exportLatency("json") },
          { label: "CSV", onChoose: () => void commands.exportLatency("csv") },
          { label: "Chrome trace (Perfetto)", onChoose: () => void commands.exportLatency("chrome-trace") },
        ]}
      />
      <IconButton label="Delete all figures" onClick={() => setIsClearing(true)}>
        <Trash2 aria-hidden size={16} />
      </IconButton>
      <ConfirmDialog
        isOpen={isClearing}
        title="Delete all latency figures?"
        text="The conversations stay. The figures cannot be brought back."
        action="Delete figures"
        onConfirm={() => void commands.clearLatency()}
        onClose={() => setIsClearing(false)}
      />
    </>
  );
}

function Choice(props: {
  readonly label: string;
  readonly value: string;
  readonly options: readonly SelectOption[];
  readonly onChange: (value: string) => void;
}): ReactNode {
  const { options, ...rest } = props;
  return <SelectField isCompact groups={[{ heading: null, options }]} {...rest} />;
}

function asOption(value: string): SelectOption {
  return { value, label: value };
}

/** A restriction set or, by ANY, taken away. */
function withChoice(
  filter: LatencyFilter,
  name: "model" | "provider" | "conversationId",
  value: string,
): LatencyFilter {
  const next = { ...filter };
  delete next[name];
  return value === ANY ? next : { ...next, [name]: value };
}
