import type { Clock } from "../../shared/clock.ts";
import type { AppError } from "../../shared/errors.ts";
import type { PlayerSink } from "../assistant/audio-queue.ts";
import type { Engine } from "../models/engine.ts";
import { Recital, type TextPlace } from "./recital.ts";

export interface ReciterOptions {
  readonly engine: () => Engine;
  readonly clock: Clock;
  readonly sink: (placeOf: (chunkId: string) => TextPlace | undefined) => PlayerSink;
  /** It has ended, with the error that ended it, if any; `isLast` when no other has begun meanwhile. */
  readonly onEnded: (recitalId: string, error: AppError | null, isLast: boolean) => void;
}

/** Speaks given texts, one at a time: a reply again, or a sample of a voice. */
export class Reciter {
  readonly #options: ReciterOptions;
  #recital: Recital | undefined;

  constructor(options: ReciterOptions) {
    this.#options = options;
  }

  /** The id of what is spoken now. */
  get currentId(): string | undefined {
    return this.#recital?.id;
  }

  recite(conversationId: string, text: string, voice: string, speed: number): string {
    const { engine, clock, sink } = this.#options;
    const recital: Recital = new Recital({
      engine: engine(),
      clock,
      sink: sink((chunkId) => recital.placeOf(chunkId)),
      conversationId,
      text,
      voice,
      speed,
    });
    this.#recital = recital;
    void this.#follow(recital);
    return recital.id;
  }

  interrupt(): void {
    this.#recital?.interrupt();
  }

  acknowledge(playedSamples: number, underruns: number): void {
    this.#recital?.acknowledge(playedSamples, underruns);
  }

  /** Settles when nothing is spoken. Never rejects. */
  async whenDone(): Promise<void> {
    await this.#recital?.finished;
  }

  async #follow(recital: Recital): Promise<void> {
    const error = await recital.finished;
    const isLast = this.#recital === recital;
    if (isLast) this.#recital = undefined;
    this.#options.onEnded(recital.id, error, isLast);
  }
}
