/** Calls `run` when the next picture is about to be drawn. */
export type RequestFrame = (run: () => void) => void;

/** Pictures of a hidden page are not drawn, and its frames do not come; its title and theme still follow. */
const HIDDEN_FRAME_MS = 100;

/**
 * Runs listeners once a frame, however often what they listen to changes in between. React renders a store's change at
 * once, in the task that brought it: a dozen tokens would each be drawn before the speech behind them reaches the player.
 */
export class FrameListeners {
  readonly #requestFrame: RequestFrame;
  readonly #due = new Set<() => void>();
  #isRequested = false;

  constructor(requestFrame: RequestFrame = requestPageFrame) {
    this.#requestFrame = requestFrame;
  }

  /** Subscribes `listener` through `subscribe`, to be called once a frame in which there was a change. */
  subscribe(subscribe: (onChange: () => void) => () => void, listener: () => void): () => void {
    // Wrapped, so that the same function may listen to several stores.
    const entry = (): void => listener();
    const remove = subscribe(() => this.#add(entry));
    return () => {
      remove();
      this.#due.delete(entry);
    };
  }

  #add(listener: () => void): void {
    this.#due.add(listener);
    if (this.#isRequested) return;
    this.#isRequested = true;
    this.#requestFrame(() => {
      this.#isRequested = false;
      const due = [...this.#due];
      this.#due.clear();
      for (const each of due) each();
    });
  }
}

function requestPageFrame(run: () => void): void {
  if (document.hidden) setTimeout(run, HIDDEN_FRAME_MS);
  else requestAnimationFrame(run);
}
