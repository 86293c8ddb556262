import type { Phase } from "./app-contract.ts";

/**
 * Push-to-talk with one key (R11): *hold* talks while held, *tap* starts and stops, *press while it speaks* stops it and
 * listens. Pure: events with their own times go in, actions come out; the owner sets the timers it asks for.
 */
export interface GestureConfig {
  /** A press shorter than this is a tap. */
  readonly tapMs: number;
  /** A press or a tapped-on utterance longer than this lost its key-up, or its speaker: it ends by itself. */
  readonly maxListenMs: number;
  /**
   * How long a key-up is doubted. X11 repeats a held key as up/down pairs; an up followed by a down within this time
   * was no release. 0 where the system marks repeats.
   */
  readonly releaseGraceMs: number;
}

export const defaultGestureConfig: GestureConfig = { tapMs: 250, maxListenMs: 120_000, releaseGraceMs: 0 };

export type GestureInput =
  | { readonly type: "down"; readonly atMs: number; readonly repeat: boolean }
  | { readonly type: "up"; readonly atMs: number }
  /** Key-ups can no longer be seen: the window lost the focus, or the pointer was taken away. */
  | { readonly type: "blur"; readonly atMs: number }
  /** Escape. */
  | { readonly type: "escape"; readonly atMs: number }
  /** A timer set for `deadlineMs`, or any later moment. */
  | { readonly type: "tick"; readonly atMs: number };

/** What the key asks for. `atMs` is the time of the key event that meant it, not of its discovery. */
export interface GestureAction {
  readonly type: "interrupt" | "begin" | "end" | "cancel";
  readonly atMs: number;
}

type State =
  | { readonly name: "idle" }
  | { readonly name: "pressed"; readonly downAtMs: number }
  /** Key-up seen but not yet believed. */
  | { readonly name: "releasing"; readonly downAtMs: number; readonly upAtMs: number }
  /** Listening after a tap, with the key up. */
  | { readonly name: "latched"; readonly sinceMs: number }
  /** Nothing more to do until the key is up. */
  | { readonly name: "spent" };

/** Classifies the edges of one key or button. */
export class GestureClassifier {
  #config: GestureConfig;
  #state: State = { name: "idle" };
  #hasSeenListening = false;

  constructor(config: Partial<GestureConfig> = {}) {
    this.#config = { ...defaultGestureConfig, ...config };
  }

  configure(config: Partial<GestureConfig>): void {
    this.#config = { ...this.#config, ...config };
  }

  /** When to send a `tick`, if nothing else comes first; null for never. */
  get deadlineMs(): number | null {
    const state = this.#state;
    if (state.name === "pressed") return state.downAtMs + this.#config.maxListenMs;
    if (state.name === "latched") return state.sinceMs + this.#config.maxListenMs;
    if (state.name === "releasing") return state.upAtMs + this.#config.releaseGraceMs;
    return null;
  }

  /** Whether a tap left it listening: the interface then says "tap to send". */
  get isLatched(): boolean {
    return this.#state.name === "latched";
  }

  /** `phase` is what the assistant is doing when the event happens. */
  handle(input: GestureInput, phase: Phase): GestureAction[] {
    this.#follow(phase);
    // A doubted key-up is decided first: whatever comes after the grace period proves it right.
    const actions = input.atMs >= (this.deadlineMs ?? Infinity) ? this.#expire(input.atMs) : [];
    switch (input.type) {
      case "down":
        return [...actions, ...this.#down(input, phase)];
      case "up":
        return [...actions, ...this.#up(input.atMs)];
      case "blur":
        return [...actions, ...this.#blur(input.atMs)];
      case "escape":
        return [...actions, ...this.#escape(input.atMs)];
      default:
        return actions;
    }
  }

  /** The utterance may end without us: another window, an error, a restart. A latch must not outlive it. */
  #follow(phase: Phase): void {
    if (phase === "listening") this.#hasSeenListening = true;
    else if (this.#hasSeenListening && this.#state.name === "latched") this.#rest();
  }

  #down(input: { atMs: number; repeat: boolean }, phase: Phase): GestureAction[] {
    const state = this.#state;
    if (input.repeat) return [];
    switch (state.name) {
      case "idle": {
        this.#hasSeenListening = false;
        this.#state = { name: "pressed", downAtMs: input.atMs };
        const begin: GestureAction = { type: "begin", atMs: input.atMs };
        const isBusy = phase === "speaking" || phase === "thinking";
        return isBusy ? [{ type: "interrupt", atMs: input.atMs }, begin] : [begin];
      }
      case "releasing":
        this.#state = { name: "pressed", downAtMs: state.downAtMs };
        return [];
      case "latched":
      case "pressed":
        // A second down without an up: the up was lost, and the person presses again to be done.
        this.#state = { name: "spent" };
        return [{ type: "end", atMs: input.atMs }];
      default:
        // The up of the ending press was lost: this is a new press.
        this.#rest();
        return this.#down(input, phase);
    }
  }

  #up(atMs: number): GestureAction[] {
    const state = this.#state;
    if (state.name === "spent") this.#rest();
    if (state.name !== "pressed") return [];
    this.#state = { name: "releasing", downAtMs: state.downAtMs, upAtMs: atMs };
    return this.#config.releaseGraceMs > 0 ? [] : this.#expire(atMs);
  }

  #blur(atMs: number): GestureAction[] {
    const state = this.#state;
    if (state.name === "spent") this.#rest();
    if (state.name !== "pressed" && state.name !== "releasing") return [];
    this.#rest();
    const isHold = atMs - state.downAtMs >= this.#config.tapMs;
    // What was said while holding counts; a press cut short by a lost focus was probably part of a window shortcut.
    return [{ type: isHold ? "end" : "cancel", atMs }];
  }

  #escape(atMs: number): GestureAction[] {
    const { name } = this.#state;
    if (name === "idle" || name === "spent") return [];
    this.#state = name === "latched" ? { name: "idle" } : { name: "spent" };
    return [{ type: "cancel", atMs }];
  }

  /** The deadline has passed. */
  #expire(atMs: number): GestureAction[] {
    const state = this.#state;
    if (state.name === "releasing") {
      if (state.upAtMs - state.downAtMs < this.#config.tapMs) {
        this.#state = { name: "latched", sinceMs: state.downAtMs };
        return [];
      }
      this.#rest();
      return [{ type: "end", atMs: state.upAtMs }];
    }
    this.#state = state.name === "pressed" ? { name: "spent" } : { name: "idle" };
    return [{ type: "end", atMs }];
  }

  #rest(): void {
    this.#state = { name: "idle" };
  }
}
