import type { AppSnapshot, ModelEntry } from "../../shared/app-contract.ts";
import type { AppClient } from "../bridge/link.ts";
import { withoutTurn, withTranscript, withTurn } from "../stores/conversation-record.ts";
import { withNewRecord } from "../stores/latency-records.ts";
import { advanceLiveTurn, beginLiveTurn } from "../stores/live-turn.ts";
import type { Stores } from "../stores/stores.ts";
import { earconOf } from "./earcon-of.ts";
import type { Sound } from "./sound.ts";

export interface ProjectionOptions {
  readonly stores: Stores;
  readonly sound: Pick<Sound, "play" | "complete" | "stop" | "setGain" | "wake" | "earcon">;
  readonly notify: (level: "info" | "warning" | "error", message: string) => void;
  /** The list of conversations is out of date. */
  readonly refreshList: () => void;
  /** False where this page has a microphone of its own, whose level is fresher than the one main sends round. */
  readonly usesRemoteLevel: boolean;
}

/** Subscribes the stores to everything main says. The subscriptions live as long as the client. */
export function projectEvents(client: AppClient, options: ProjectionOptions): void {
  const { stores, sound } = options;
  const { conversations } = stores;
  client.on("state", (state) => {
    const earcon = earconOf(stores.assistant.getState(), state);
    stores.assistant.setState(state.phase === "listening" ? state : { ...state, endpoint: null });
    if (earcon) sound.earcon(earcon);
  });
  client.on("endpoint", (endpoint) => stores.assistant.setState({ endpoint }));
  client.on("engine", (engine) => stores.engine.setState({ engine }));
  client.on("model", (entry) =>
    stores.models.setState(({ entries }) => ({ entries: withEntry(entries, entry) })),
  );
  client.on("settings", (settings) => stores.settings.setState({ settings }));
  client.on("conversations.changed", () => options.refreshList());
  client.on("conversation.opened", (current) => conversations.setState({ current }));
  client.on("transcript", ({ turnId, text }) => {
    conversations.setState(({ current }) => ({ current: current && withTranscript(current, turnId, text) }));
    stores.turn.setState(({ live }) => ({
      live: live?.turnId === turnId ? { ...live, userText: text } : live,
    }));
  });
  client.on("latency.record", (record) => stores.latency.setState((state) => withNewRecord(state, record)));
  client.on("notice", ({ level, message }) => {
    if (level === "error") sound.earcon("error");
    options.notify(level, message);
  });
  client.on("mic.state", ({ state, label }) => {
    if (options.usesRemoteLevel) stores.microphone.setState({ state, label });
  });
  client.on("level", ({ rms, peak, speech }) => {
    stores.level.setState(options.usesRemoteLevel ? { rms, peak, speech } : { speech });
  });
  projectTurn(client, options);
  client.on("audio", (audio) => sound.play(audio));
  client.on("audio.end", ({ turnId }) => sound.complete(turnId));
  client.on("player.stop", ({ turnId, fadeMs }) => sound.stop(turnId, fadeMs));
  client.on("player.gain", ({ turnId, gain, fadeMs }) => sound.setGain(turnId, gain, fadeMs));
}

/** In its place in the list; what was not there comes last. */
function withEntry(entries: readonly ModelEntry[], entry: ModelEntry): readonly ModelEntry[] {
  const index = entries.findIndex(({ id }) => id === entry.id);
  return index < 0 ? [...entries, entry] : entries.with(index, entry);
}

function projectTurn(client: AppClient, { stores, sound }: ProjectionOptions): void {
  const { conversations, turn } = stores;
  client.on("turn.opened", (opened) => {
    sound.wake();
    turn.setState({ live: beginLiveTurn(opened) });
    const replaced = opened.replaces;
    if (replaced === undefined) return;
    conversations.setState(({ current }) => ({ current: current && withoutTurn(current, replaced) }));
  });
  client.on("turn", (event) => {
    const { live } = turn.getState();
    if (live?.turnId !== event.turnId) return;
    const next = advanceLiveTurn(live, event);
    if (next === live) return;
    turn.setState({ live: next });
    if (event.type !== "turn-finished") return;
    if (event.outcome === "failed") sound.earcon("error");
    conversations.setState(({ current }) => ({ current: current && withTurn(current, next, Date.now()) }));
  });
}

/** Fills the stores from a greeting: at the start, and again after a lost connection. */
export function projectSnapshot(stores: Stores, snapshot: AppSnapshot, clockOffsetMs: number): void {
  const { version, host, platform, hotkey, samples } = snapshot;
  stores.connection.setState({
    status: "open",
    message: null,
    version,
    host,
    platform,
    hotkey,
    samples,
    clockOffsetMs,
  });
  stores.assistant.setState({ ...snapshot.state, endpoint: null });
  stores.engine.setState({ engine: snapshot.engine });
  stores.settings.setState({ settings: snapshot.settings });
  stores.conversations.setState({ current: snapshot.conversation });
}
