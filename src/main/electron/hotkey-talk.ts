import type { AppService, Phase } from "../../shared/app-contract.ts";
import type { Clock } from "../../shared/clock.ts";
import { AppError } from "../../shared/errors.ts";
import { GestureClassifier, type GestureAction, type GestureInput } from "../../shared/gesture.ts";
import type { RpcClient } from "../../shared/rpc.ts";
import type { KeyEdge } from "./hotkey.ts";

export interface HotkeyTalkOptions {
  readonly client: RpcClient<AppService>;
  readonly clock: Clock;
  readonly tapMs: number;
  /** X11 repeats a held key as pairs of up and down; see GestureConfig. */
  readonly releaseGraceMs: number;
  readonly onPhase: (phase: Phase) => void;
  /** A call that failed, for the person. */
  readonly onError: (error: AppError) => void;
}

/** Turns the edges of the global key into what they ask for, the way a window does for its own keys (R11). */
export class HotkeyTalk implements Disposable {
  readonly #options: HotkeyTalkOptions;
  readonly #gestures: GestureClassifier;
  readonly #stopWatching: () => void;
  #phase: Phase = "idle";
  #timer: Disposable | undefined;
  /** The utterance that was asked for; its id may still be on the way when the key comes up. */
  #utterance: Promise<string> | undefined;

  constructor(options: HotkeyTalkOptions) {
    this.#options = options;
    this.#gestures = new GestureClassifier({ tapMs: options.tapMs, releaseGraceMs: options.releaseGraceMs });
    this.#stopWatching = options.client.on("state", ({ phase }) => {
      this.#phase = phase;
      options.onPhase(phase);
    });
  }

  configure(tapMs: number): void {
    this.#gestures.configure({ tapMs });
  }

  edge({ type, atMs, isRepeat }: KeyEdge): void {
    this.#handle(type === "down" ? { type, atMs, repeat: isRepeat } : { type, atMs });
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
    this.#stopWatching();
  }

  #handle(input: GestureInput): void {
    for (const action of this.#gestures.handle(input, this.#phase)) this.#act(action);
    this.#timer?.[Symbol.dispose]();
    const { clock } = this.#options;
    const { deadlineMs } = this.#gestures;
    if (deadlineMs === null) return;
    this.#timer = clock.after(deadlineMs - clock.nowMs(), () =>
      this.#handle({ type: "tick", atMs: clock.nowMs() }),
    );
  }

  #act({ type, atMs }: GestureAction): void {
    const { client } = this.#options;
    switch (type) {
      case "interrupt":
        this.#report(client.call("turn.interrupt", {}));
        break;
      case "begin":
        this.#utterance = client
          .call("listen.begin", { source: "hotkey", pressedAtMs: atMs })
          .then(({ utteranceId }) => utteranceId);
        this.#report(this.#utterance);
        break;
      case "end":
        this.#close((utteranceId) => client.call("listen.end", { utteranceId, releasedAtMs: atMs }));
        break;
      case "cancel":
        this.#close((utteranceId) => client.call("listen.cancel", { utteranceId }));
        break;
    }
  }

  #close(call: (utteranceId: string) => Promise<unknown>): void {
    const utterance = this.#utterance;
    this.#utterance = undefined;
    // A begin that failed was reported when it did, and there is nothing to close.
    utterance?.then(
      (utteranceId) => this.#report(call(utteranceId)),
      () => undefined,
    );
  }

  #report(call: Promise<unknown>): void {
    call.catch((error: unknown) => this.#options.onError(AppError.from(error)));
  }
}
