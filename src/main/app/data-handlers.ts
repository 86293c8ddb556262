import type { ConversationRecord } from "../../shared/app-contract.ts";
import type { Settings, SettingsPatch } from "../../shared/settings.ts";
import { trusted } from "../../shared/rpc-wire.ts";
import type { History } from "../storage/history.ts";
import { exportConversation } from "../storage/history-export.ts";
import { exportLatency } from "../storage/latency-export.ts";
import type { Storage } from "../storage/storage.ts";
import type { AppHandlers } from "./validated-service.ts";
import type { Windows } from "./windows.ts";

type Calls = AppHandlers["calls"];

/** The calls that only read and write what is stored. */
export type DataCalls = Pick<
  Calls,
  | "conversations.list"
  | "conversations.open"
  | "conversations.create"
  | "conversations.rename"
  | "conversations.delete"
  | "conversations.export"
  | "settings.update"
  | "latency.list"
  | "latency.export"
  | "latency.clear"
>;

export interface DataHost {
  readonly storage: Storage;
  readonly windows: Pick<Windows, "emit">;
  /** Where conversations are kept now. */
  readonly history: () => History;
  /** Makes a conversation the one that is talked in; every window shows it. */
  readonly open: (record: ConversationRecord) => void;
  /** A conversation is gone. */
  readonly deleted: (id: string) => void;
  readonly settingsChanged: (before: Settings, after: Settings) => void;
}

export function dataCalls(host: DataHost): DataCalls {
  const { storage, windows, history } = host;
  const changed = (): void => windows.emit("conversations.changed", {});
  return {
    "conversations.list": (page) => history().list(page),
    "conversations.open": ({ id }) => {
      const record = history().open(id);
      host.open(record);
      return record;
    },
    "conversations.create": () => {
      const record = history().create();
      host.open(record);
      return record;
    },
    "conversations.rename": ({ id, title }) => {
      const summary = history().rename(id, title);
      changed();
      return summary;
    },
    "conversations.delete": ({ id }) => {
      history().delete(id);
      host.deleted(id);
      changed();
      return {};
    },
    "conversations.export": ({ id, format }) => exportConversation(history().open(id), format),
    "settings.update": ({ patch }) => {
      const before = storage.settings.current;
      // The values are checked field by field after merging; a patch of unknown groups changes nothing.
      const after = storage.settings.update(trusted<SettingsPatch>(patch));
      host.settingsChanged(before, after);
      windows.emit("settings", after);
      return after;
    },
    "latency.list": (filter) => ({ records: storage.latency.list(filter) }),
    "latency.export": ({ filter, format }) => exportLatency(storage.latency.list(filter), format),
    "latency.clear": () => {
      storage.latency.clear();
      return {};
    },
  };
}
