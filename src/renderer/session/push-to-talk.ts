import type { Phase } from "../../shared/app-contract.ts";
import { systemClock } from "../../shared/clock.ts";
import { GestureClassifier, type GestureConfig, type GestureInput } from "../../shared/gesture.ts";

export type TalkSource = "button" | "space" | "overlay";

/** What a gesture sets in motion; times are epoch milliseconds of this page. */
export interface TalkActions {
  interrupt(): void;
  begin(source: TalkSource, atMs: number): void;
  end(atMs: number): void;
  cancel(): void;
  latched(isLatched: boolean): void;
}

/** Feeds the events of the talk button and the Space bar to one classifier and keeps its timer. */
export class PushToTalk implements Disposable {
  readonly #classifier = new GestureClassifier();
  readonly #actions: TalkActions;
  readonly #phase: () => Phase;
  #source: TalkSource = "button";
  #timer: Disposable | undefined;

  constructor(phase: () => Phase, actions: TalkActions) {
    this.#phase = phase;
    this.#actions = actions;
  }

  configure(config: Partial<GestureConfig>): void {
    this.#classifier.configure(config);
  }

  down(source: TalkSource, timeStampMs: number, isRepeat = false): void {
    this.#source = source;
    this.#handle({ type: "down", atMs: epochMs(timeStampMs), repeat: isRepeat });
  }

  up(timeStampMs: number): void {
    this.#handle({ type: "up", atMs: epochMs(timeStampMs) });
  }

  /** A press without a release, as assistive technology sends it. */
  tap(source: TalkSource, timeStampMs: number): void {
    this.down(source, timeStampMs);
    this.up(timeStampMs);
  }

  blur(): void {
    this.#handle({ type: "blur", atMs: systemClock.nowMs() });
  }

  escape(): void {
    this.#handle({ type: "escape", atMs: systemClock.nowMs() });
  }

  /** The assistant's phase changed: a latch may be over. */
  follow(): void {
    this.#handle({ type: "tick", atMs: systemClock.nowMs() });
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
  }

  #handle(input: GestureInput): void {
    for (const { type, atMs } of this.#classifier.handle(input, this.#phase())) {
      if (type === "begin") this.#actions.begin(this.#source, atMs);
      else if (type === "end") this.#actions.end(atMs);
      else this.#actions[type]();
    }
    this.#actions.latched(this.#classifier.isLatched);
    this.#timer?.[Symbol.dispose]();
    const { deadlineMs } = this.#classifier;
    if (deadlineMs === null) return;
    const tick = (): void => this.#handle({ type: "tick", atMs: systemClock.nowMs() });
    this.#timer = systemClock.after(Math.max(0, deadlineMs - systemClock.nowMs()), tick);
  }
}

/** Event time stamps count from the page's start; 0 comes from synthetic events, which happen now. */
function epochMs(timeStampMs: number): number {
  return timeStampMs > 0 ? performance.timeOrigin + timeStampMs : systemClock.nowMs();
}

/** Whether a letter pressed here is text, or looks for an entry of a list. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof Element)) return false;
  return (
    target.closest(
      "input, textarea, select, [contenteditable=''], [contenteditable=true], [role=listbox], [role=option], [role=menu], [role=menuitem], [role=combobox], [role=dialog], [role=alertdialog]",
    ) !== null
  );
}

/** Whether Space pressed here means the person types or uses a control, and not talk. */
export function isSpaceTaken(target: EventTarget | null): boolean {
  if (!(target instanceof Element)) return false;
  const control = target.closest(
    "input, textarea, select, button, a[href], summary, [contenteditable=''], [contenteditable=true], [role=button], [role=slider], [role=switch], [role=option], [role=menuitem], [role=combobox], [role=dialog], [role=alertdialog]",
  );
  return control !== null && !control.hasAttribute("data-talk");
}
