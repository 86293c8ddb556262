import type { AppService, PlayerAudio } from "../../shared/app-contract.ts";
import type { AppError } from "../../shared/errors.ts";
import type { Port } from "../../shared/port.ts";
import type { RpcServer } from "../../shared/rpc.ts";
import { serveValidated, type AppHandlers } from "./validated-service.ts";

/** A main window plays, listens and shows everything; the overlay only shows. */
export type WindowView = "main" | "overlay";

type Events = AppService["events"];
type Notice = Events["notice"];

/** One connected page. */
export interface AppWindow {
  readonly id: number;
  readonly view: WindowView;
}

interface Connection extends AppWindow {
  readonly server: RpcServer<AppService>;
  hasGreeted: boolean;
}

/** What the person was told while no window was there to show it: more than this would be noise. */
const maxKeptNotices = 20;

/** All pages connected now. Events reach every one of them, in order. */
export class Windows implements Disposable {
  readonly #connections = new Map<number, Connection>();
  readonly #onClosed: (window: AppWindow) => void;
  #nextId = 1;
  #kept: Notice[] = [];

  constructor(onClosed: (window: AppWindow) => void) {
    this.#onClosed = onClosed;
  }

  /** Serves the app to a page until its port closes. */
  add(
    port: Port,
    view: WindowView,
    handlersFor: (window: AppWindow) => AppHandlers,
    report: (error: AppError) => void,
  ): void {
    const window: AppWindow = { id: this.#nextId++, view };
    const server = serveValidated(port, handlersFor(window), report);
    this.#connections.set(window.id, { ...window, server, hasGreeted: false });
    void this.#forgetWhenClosed(port, window);
  }

  get hasMain(): boolean {
    return this.#all().some(({ view }) => view === "main");
  }

  emit<K extends keyof Events>(event: K, value: Events[K]): void {
    for (const { server } of this.#connections.values()) server.emit(event, value);
  }

  emitTo<K extends keyof Events>({ id }: AppWindow, event: K, value: Events[K]): void {
    this.#connections.get(id)?.server.emit(event, value);
  }

  /** Tells the person something; kept for the next window when none is there to show it. */
  notify(notice: Notice): void {
    if (this.#all().some(({ view, hasGreeted }) => view === "main" && hasGreeted))
      this.emit("notice", notice);
    else this.#kept = [...this.#kept, notice].slice(-maxKeptNotices);
  }

  /** The page has its snapshot: what was kept for it may follow. */
  greeted({ id, view }: AppWindow): void {
    const connection = this.#connections.get(id);
    if (!connection || view !== "main") return;
    connection.hasGreeted = true;
    for (const notice of this.#kept.splice(0)) connection.server.emit("notice", notice);
  }

  /**
   * Sends speech. Main windows get it whole (pages of one browser agree among themselves which of them plays); the
   * overlay gets its words for the captions and no samples.
   */
  emitAudio(audio: PlayerAudio): void {
    const silent = { ...audio, pcm: new Float32Array() };
    for (const { view, server } of this.#connections.values()) {
      server.emit("audio", view === "main" ? audio : silent);
    }
  }

  [Symbol.dispose](): void {
    for (const { server } of this.#connections.values()) server[Symbol.dispose]();
    this.#connections.clear();
  }

  #all(): Connection[] {
    return [...this.#connections.values()];
  }

  async #forgetWhenClosed(port: Port, window: AppWindow): Promise<void> {
    await port.closed;
    if (this.#connections.delete(window.id)) this.#onClosed(window);
  }
}
