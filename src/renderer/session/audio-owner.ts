const LOCK = "parley.audio";

/**
 * Of several pages of one browser only one may play and listen, or every reply would sound twice. The lock goes to the
 * first page and, when that closes, to the next; `takeOver` gives it to the page the person is looking at.
 */
export class AudioOwner implements Disposable {
  readonly #onChange: (isOwner: boolean) => void;
  readonly #released = new AbortController();

  constructor(onChange: (isOwner: boolean) => void) {
    this.#onChange = onChange;
  }

  /** Waits in line for the lock. */
  join(): void {
    // Without the Web Locks API there is no telling, and one page is what people have.
    if (!("locks" in navigator)) this.#onChange(true);
    else this.#request({ signal: this.#released.signal });
  }

  takeOver(): void {
    if ("locks" in navigator) this.#request({ steal: true });
  }

  [Symbol.dispose](): void {
    this.#released.abort();
  }

  #request(options: LockOptions): void {
    const request = navigator.locks.request(LOCK, options, async () => {
      this.#onChange(true);
      await new Promise((resolve) => {
        this.#released.signal.addEventListener("abort", resolve, { once: true });
      });
    });
    request.catch(() => {
      // Rejects when another page stole the lock or we gave up waiting: either way it is not ours now.
      this.#onChange(false);
      if (!this.#released.signal.aborted) this.join();
    });
  }
}
