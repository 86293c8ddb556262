import type { AppService, LatencyFilter } from "../../shared/app-contract.ts";
import { AppError, isCancelled } from "../../shared/errors.ts";
import type { SettingsPatch } from "../../shared/settings.ts";
import type { Link } from "../bridge/link.ts";
import { withRecords } from "../stores/latency-records.ts";
import type { Stores } from "../stores/stores.ts";
import { saveFile } from "./save-file.ts";

type Calls = AppService["calls"];

export interface CommandOptions {
  readonly link: Link;
  readonly stores: Stores;
  readonly notify: (level: "info" | "warning" | "error", message: string) => void;
}

/**
 * What people can ask for. Each command reports its own failure as a notice and settles without throwing, so that the
 * interface can call it from any event; the result says whether it worked.
 */
export class Commands {
  readonly #options: CommandOptions;
  /** A slow search must not overwrite a newer one. */
  #listGeneration = 0;
  #latencyGeneration = 0;

  constructor(options: CommandOptions) {
    this.#options = options;
  }

  ask(text: string): Promise<boolean> {
    return this.#did("ask.text", { text });
  }

  askSample(sampleId: string): Promise<boolean> {
    return this.#did("ask.sample", { sampleId });
  }

  /** Returns the id under which the reply is spoken again. */
  async replay(turnId: string): Promise<string | null> {
    return (await this.#call("turn.replay", { turnId }))?.turnId ?? null;
  }

  regenerate(turnId: string): Promise<boolean> {
    return this.#did("turn.regenerate", { turnId });
  }

  async previewVoice(voice: string, speed: number): Promise<string | null> {
    return (await this.#call("voice.preview", { voice, speed }))?.turnId ?? null;
  }

  async refreshList(): Promise<void> {
    const { conversations } = this.#options.stores;
    const generation = ++this.#listGeneration;
    const { query } = conversations.getState();
    const found = await this.#call("conversations.list", { query, limit: 200 });
    if (!found || generation !== this.#listGeneration) return;
    conversations.setState(({ current }) => {
      // The open conversation gets its title from its first question, after it was opened.
      const summary = found.conversations.find(({ id }) => id === current?.summary.id);
      return {
        list: found.conversations,
        total: found.total,
        hasLoaded: true,
        current: current && summary ? { ...current, summary } : current,
      };
    });
  }

  async search(query: string): Promise<void> {
    this.#options.stores.conversations.setState({ query });
    await this.refreshList();
  }

  async openConversation(id: string): Promise<void> {
    const current = await this.#call("conversations.open", { id });
    if (current) this.#options.stores.conversations.setState({ current });
  }

  async createConversation(): Promise<void> {
    const current = await this.#call("conversations.create", {});
    if (current) this.#options.stores.conversations.setState({ current });
  }

  async renameConversation(id: string, title: string): Promise<void> {
    const summary = await this.#call("conversations.rename", { id, title });
    if (!summary) return;
    const { conversations } = this.#options.stores;
    conversations.setState(({ current }) => ({
      current: current?.summary.id === id ? { ...current, summary } : current,
    }));
    await this.refreshList();
  }

  async deleteConversation(id: string): Promise<void> {
    if (!(await this.#did("conversations.delete", { id }))) return;
    const { conversations } = this.#options.stores;
    conversations.setState(({ current }) => ({ current: current?.summary.id === id ? null : current }));
    await this.refreshList();
  }

  async exportConversation(id: string, format: "json" | "markdown"): Promise<void> {
    const file = await this.#call("conversations.export", { id, format });
    if (file) saveFile(file);
  }

  /** Null when saved, else the sentence that says what is wrong with the value. */
  async updateSettings(patch: SettingsPatch): Promise<string | null> {
    const { link, stores } = this.#options;
    try {
      const settings = await link.client.call("settings.update", { patch });
      stores.settings.setState({ settings });
      return null;
    } catch (error) {
      return AppError.from(error).message;
    }
  }

  /** Like `updateSettings`, for controls that have no place of their own to say what was wrong. */
  async change(patch: SettingsPatch): Promise<void> {
    const problem = await this.updateSettings(patch);
    if (problem !== null) this.#options.notify("error", problem);
  }

  async loadLatency(filter: LatencyFilter): Promise<void> {
    const { latency } = this.#options.stores;
    const generation = ++this.#latencyGeneration;
    latency.setState({ filter });
    const found = await this.#call("latency.list", filter);
    if (!found || generation !== this.#latencyGeneration) return;
    latency.setState((state) => ({ ...withRecords(state, found.records), hasLoaded: true }));
  }

  async exportLatency(format: "json" | "csv" | "chrome-trace"): Promise<void> {
    const { filter } = this.#options.stores.latency.getState();
    const file = await this.#call("latency.export", { filter, format });
    if (file) saveFile(file);
  }

  async clearLatency(): Promise<void> {
    if (!(await this.#did("latency.clear", {}))) return;
    this.#options.stores.latency.setState({ records: [], selectedTurnId: null });
  }

  restartEngine(): Promise<boolean> {
    return this.#did("engine.restart", {});
  }

  async loadModels(): Promise<void> {
    const found = await this.#call("models.list", {});
    if (!found) return;
    const { models, ...machine } = found;
    this.#options.stores.models.setState({ entries: models, ...machine, hasLoaded: true });
  }

  /** Begins, or goes on where it was. */
  downloadModel(id: string): Promise<boolean> {
    return this.#did("models.download", { id });
  }

  pauseModel(id: string): Promise<boolean> {
    return this.#did("models.pause", { id });
  }

  /** Deletes what is here of it, and asks anew how much room there is. */
  async removeModel(id: string): Promise<void> {
    if (await this.#did("models.remove", { id })) await this.loadModels();
  }

  verifyModel(id: string): Promise<boolean> {
    return this.#did("models.verify", { id });
  }

  /** Takes the files from a folder, or from the Hugging Face cache. Null when done, else what is wrong. */
  async importModel(id: string, folder?: string): Promise<string | null> {
    return this.#problem("models.import", { id, ...(folder === undefined ? {} : { folder }) });
  }

  /** Adds a repository of the hub to the list. Null when done, else what is wrong with it. */
  async addModel(repo: string, dtype?: string): Promise<string | null> {
    const problem = await this.#problem("models.add", { repo, ...(dtype === undefined ? {} : { dtype }) });
    if (problem === null) await this.loadModels();
    return problem;
  }

  /** For forms, which say at the field what was wrong. */
  async #problem<K extends keyof Calls>(method: K, params: Calls[K]["params"]): Promise<string | null> {
    try {
      await this.#options.link.client.call(method, params);
      return null;
    } catch (error) {
      return AppError.from(error).message;
    }
  }

  async #did<K extends keyof Calls>(method: K, params: Calls[K]["params"]): Promise<boolean> {
    return (await this.#call(method, params)) !== null;
  }

  async #call<K extends keyof Calls>(
    method: K,
    params: Calls[K]["params"],
  ): Promise<Calls[K]["result"] | null> {
    try {
      return await this.#options.link.client.call(method, params);
    } catch (error) {
      if (!isCancelled(error)) this.#options.notify("error", AppError.from(error).message);
      return null;
    }
  }
}
