import { watchDevices } from "../audio/devices.ts";
import type { AppError } from "../../shared/errors.ts";
import { Link } from "../bridge/link.ts";
import { openPort } from "../bridge/open-port.ts";
import { createStores, type Stores } from "../stores/stores.ts";
import { AudioOwner } from "./audio-owner.ts";
import { Commands } from "./commands.ts";
import { checkEcho, echoDevices, isEchoValid, voidsEcho } from "./echo-check.ts";
import { Listening } from "./listening.ts";
import { projectEvents, projectSnapshot } from "./project-events.ts";
import { PushToTalk } from "./push-to-talk.ts";
import { Sound } from "./sound.ts";

export type NoticeLevel = "info" | "warning" | "error";

export interface SessionOptions {
  readonly view: "main" | "overlay";
  readonly tap: boolean;
  /** Shows a sentence to the person. */
  readonly notify: (level: NoticeLevel, message: string) => void;
}

/** Attempts after which a lost connection is more than a restart in progress. */
const PATIENT_ATTEMPTS = 4;

/** Everything behind the views of one window: the connection, the sound, the microphone and the stores. */
export class Session implements Disposable {
  readonly stores: Stores = createStores();
  readonly commands: Commands;
  readonly talk: PushToTalk;
  readonly listening: Listening;
  readonly sound: Sound;
  readonly audioOwner: AudioOwner;
  readonly #link: Link;
  readonly #options: SessionOptions;
  readonly #cleanup = new DisposableStack();
  #hasGreeted = false;

  constructor(options: SessionOptions) {
    this.#options = options;
    const { stores, notify } = { stores: this.stores, notify: options.notify };
    const isMain = options.view === "main";
    this.#link = new Link(() => openPort(options.view), {
      opened: (client) =>
        projectEvents(client, {
          stores,
          sound: this.sound,
          notify,
          refreshList: () => void this.commands.refreshList(),
          usesRemoteLevel: !isMain,
        }),
      greeted: (snapshot, clockOffsetMs) => {
        projectSnapshot(stores, snapshot, clockOffsetMs);
        this.#hasGreeted = true;
        if (!isMain) return;
        this.listening.announce();
        void this.listening.restore();
        void this.commands.refreshList();
        void this.commands.loadLatency(stores.latency.getState().filter);
      },
      lost: (attempt, error) => this.#onLost(attempt, error),
    });
    const link = this.#link;
    const warn = (message: string): void => notify("warning", message);
    this.sound = new Sound({ link, stores, warn, tap: options.tap, isAudible: isMain });
    const onRefused = (): void => this.talk.escape();
    this.listening = new Listening({ link, stores, sound: this.sound, isMain, notify, onRefused });
    this.commands = new Commands({ link, stores, notify });
    this.talk = new PushToTalk(() => stores.assistant.getState().phase, this.listening);
    this.audioOwner = new AudioOwner((ownsAudio) => this.#onOwnership(ownsAudio));
    for (const part of [link, this.sound, this.listening, this.talk, this.audioOwner])
      this.#cleanup.use(part);
    this.#followStores();
  }

  start(): void {
    void this.#link.run();
    if (this.#options.view !== "main") return;
    const devices = this.#cleanup.use(
      watchDevices((found) => this.stores.microphone.setState({ devices: found })),
    );
    const { microphone } = this.stores;
    this.#cleanup.defer(
      microphone.subscribe((after, before) => {
        if (after.state !== before.state || after.devices !== before.devices) this.#watchEcho();
        // Names of devices become visible with the permission; browsers send no event for that.
        if (after.state === "armed" && before.state !== "armed") devices.refresh();
      }),
    );
    this.audioOwner.join();
  }

  /** Tests how much of an answer the microphone hears and keeps the result; throws what `checkEcho` throws. */
  async testEcho(): Promise<void> {
    const echo = await checkEcho(this);
    await this.commands.change({ turnTaking: { echo } });
  }

  [Symbol.dispose](): void {
    this.#cleanup.dispose();
  }

  /** Settings and phases take effect where they are heard and felt. */
  #followStores(): void {
    const { settings, assistant } = this.stores;
    this.#cleanup.defer(
      settings.subscribe(({ settings: after }, { settings: before }) => {
        this.sound.configure(after);
        this.listening.configure(before, after);
        // The first settings are no change of mind: the browser would ask for the microphone before anyone did.
        if (this.#hasGreeted) this.listening.followMode(before, after);
        if (this.#hasGreeted && voidsEcho(before.audio, after.audio)) this.#forgetEcho();
        this.talk.configure({ tapMs: after.pushToTalk.tapMs });
      }),
    );
    this.#cleanup.defer(
      assistant.subscribe((after, before) => {
        if (after.phase !== before.phase) this.talk.follow();
        if (after.isMuted !== before.isMuted) this.listening.followMute(after.isMuted);
      }),
    );
  }

  /** An echo test is of the devices it was made with. */
  #watchEcho(): void {
    const { ownsAudio } = this.stores.connection.getState();
    const { state, devices } = this.stores.microphone.getState();
    const { echo } = this.stores.settings.getState().settings.turnTaking;
    if (!echo || !ownsAudio || state !== "armed" || devices.inputs.length === 0) return;
    if (!isEchoValid(echo, echoDevices(this.stores))) this.#forgetEcho();
  }

  #forgetEcho(): void {
    const { ownsAudio } = this.stores.connection.getState();
    const { echo } = this.stores.settings.getState().settings.turnTaking;
    if (echo && ownsAudio) void this.commands.change({ turnTaking: { echo: null } });
  }

  #onOwnership(ownsAudio: boolean): void {
    this.stores.connection.setState({ ownsAudio });
    if (ownsAudio) void this.listening.restore();
    else this.listening.release();
  }

  #onLost(attempt: number, error: AppError | null): void {
    const message =
      error?.code === "unsupported" ? error.message : attempt < PATIENT_ATTEMPTS ? null : goneMessage();
    this.stores.connection.setState({ status: "lost", message });
    this.stores.assistant.setState({
      phase: "idle",
      turnId: null,
      utteranceId: null,
      isHeld: false,
      endpoint: null,
    });
  }
}

function goneMessage(): string {
  return window.parley
    ? "Parley's engine does not answer. Quit Parley and start it again."
    : "Parley is not running any more. Start it again with “npm start” and open the address it prints.";
}
