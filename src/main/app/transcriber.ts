import { AppError, isCancelled } from "../../shared/errors.ts";
import { LISTEN_RATE_HZ } from "../../shared/audio.ts";
import type { Engine } from "../models/engine.ts";
import { greedy } from "../models/services.ts";

/** A spoken question whose words are not known yet. */
export interface Untranscribed {
  readonly turnId: string;
  readonly utteranceId: string;
  /** 16 kHz samples. */
  readonly samples: number;
}

export interface TranscriberOptions {
  readonly engine: Pick<Engine, "voxtral">;
  readonly onTranscript: (turnId: string, text: string) => void;
  /** Told when a question stays without words; never with the words. */
  readonly onFailure: (error: AppError) => void;
}

/** Fast speech is about 5 tokens a second; a model that runs on longer has lost the thread. */
const tokensPerSecond = 10;
const minTokens = 32;

/** Nobody waits for an old question's words: more than these mean that the person talks without a pause. */
const maxWaiting = 8;

/**
 * Writes down what the user said, after the reply and only while nothing else wants the model (R16): `pause` stops at the
 * next token, `resume` begins the interrupted question again. The audio embeddings of the turn are reused.
 */
export class Transcriber implements Disposable {
  readonly #options: TranscriberOptions;
  #waiting: Untranscribed[] = [];
  #running: AbortController | undefined;
  #isPaused = false;

  constructor(options: TranscriberOptions) {
    this.#options = options;
  }

  add(question: Untranscribed): void {
    this.#waiting = [...this.#waiting, question].slice(-maxWaiting);
    this.#next();
  }

  /** Drops questions that are gone from the history. */
  forget(turnId: string): void {
    this.#waiting = this.#waiting.filter((question) => question.turnId !== turnId);
  }

  pause(): void {
    this.#isPaused = true;
    this.#running?.abort();
  }

  resume(): void {
    this.#isPaused = false;
    this.#next();
  }

  [Symbol.dispose](): void {
    this.#waiting = [];
    this.pause();
  }

  #next(): void {
    const [question] = this.#waiting;
    if (this.#isPaused || this.#running || !question) return;
    void this.#run(question);
  }

  async #run(question: Untranscribed): Promise<void> {
    const abort = (this.#running = new AbortController());
    try {
      const text = await this.#transcribe(question, abort.signal);
      this.forget(question.turnId);
      if (text !== "") this.#options.onTranscript(question.turnId, text);
    } catch (error) {
      // A pause leaves the question in line; anything else would fail again.
      if (!(isCancelled(error) && abort.signal.aborted)) {
        this.forget(question.turnId);
        this.#options.onFailure(AppError.from(error));
      }
    } finally {
      this.#running = undefined;
    }
    this.#next();
  }

  async #transcribe(question: Untranscribed, signal: AbortSignal): Promise<string> {
    const { turnId, utteranceId, samples } = question;
    const seconds = samples / LISTEN_RATE_HZ;
    const parts = this.#options.engine.voxtral.stream(
      "generate",
      {
        turnId: `transcript-${turnId}`,
        prompt: { kind: "transcribe", utteranceId, samples },
        sampling: greedy,
        maxNewTokens: minTokens + Math.ceil(seconds * tokensPerSecond),
      },
      { signal },
    );
    let text = "";
    for await (const part of parts) {
      if (part.type !== "prefilled") text += part.text;
    }
    return text.trim();
  }
}
