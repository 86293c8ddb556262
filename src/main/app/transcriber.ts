import { AppError, isCancelled } from "../../shared/errors.ts";

/** A spoken question whose words are not known yet. */
export interface Untranscribed {
  readonly turnId: string;
  readonly conversationId: string;
  /** Writes it down; rejects with `cancelled` when the signal aborts. */
  readonly transcribe: (signal: AbortSignal) => Promise<string>;
  /** Stores the words; false when the turn is gone from the history. */
  readonly keep: (text: string) => boolean;
}

export interface TranscriberOptions {
  readonly onTranscript: (turnId: string, text: string) => void;
  /** Told when a question stays without words; never with the words. */
  readonly onFailure: (error: AppError) => void;
}

/** Nobody waits for an old question's words: more than these mean that the person talks without a pause. */
const maxWaiting = 8;

/**
 * Writes down what the user said, after the reply and only while nothing else wants the model (R16): `pause` stops at the
 * next token, `resume` begins the interrupted question again.
 */
export class Transcriber implements Disposable {
  readonly #options: TranscriberOptions;
  #waiting: Untranscribed[] = [];
  #running: AbortController | undefined;
  #isPaused = false;
  #isDisposed = false;
  #done: { readonly conversationId: string; readonly resolve: () => void }[] = [];

  constructor(options: TranscriberOptions) {
    this.#options = options;
  }

  add(question: Untranscribed): void {
    if (this.#isDisposed) return;
    this.#waiting = [...this.#waiting, question].slice(-maxWaiting);
    this.#next();
  }

  pause(): void {
    this.#isPaused = true;
    this.#running?.abort();
  }

  resume(): void {
    this.#isPaused = false;
    this.#next();
  }

  /** Settles when no question of this conversation waits any more. Never rejects. */
  whenDone(conversationId: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#done.push({ conversationId, resolve });
    this.#announceDone();
    return promise;
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    this.pause();
    this.#waiting = [];
    this.#announceDone();
  }

  #next(): void {
    const [question] = this.#waiting;
    if (this.#isPaused || this.#running || !question) return;
    void this.#run(question);
  }

  async #run(question: Untranscribed): Promise<void> {
    const abort = (this.#running = new AbortController());
    try {
      const text = await question.transcribe(abort.signal);
      this.#drop(question);
      if (text !== "" && question.keep(text)) this.#options.onTranscript(question.turnId, text);
    } catch (error) {
      // A pause leaves the question in line; anything else would fail again.
      if (!(isCancelled(error) && abort.signal.aborted)) {
        this.#drop(question);
        this.#options.onFailure(AppError.from(error));
      }
    } finally {
      this.#running = undefined;
    }
    this.#announceDone();
    this.#next();
  }

  #drop(question: Untranscribed): void {
    this.#waiting = this.#waiting.filter((other) => other !== question);
  }

  #announceDone(): void {
    const isWaiting = (id: string): boolean => this.#waiting.some((other) => other.conversationId === id);
    for (const { resolve } of this.#done.filter((waiter) => !isWaiting(waiter.conversationId))) resolve();
    this.#done = this.#done.filter((waiter) => isWaiting(waiter.conversationId));
  }
}
