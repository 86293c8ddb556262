import { randomUUID } from "node:crypto";
import type { Clock } from "../../shared/clock.ts";
import { AppError, isCancelled } from "../../shared/errors.ts";
import { AudioQueue, type PlayerSink } from "../assistant/audio-queue.ts";
import { SpeechPlanner, type Segment } from "../assistant/speech-planner.ts";
import type { AssistantEngine } from "../assistant/turn-pipeline.ts";

/** Characters of a reply, end exclusive. */
export interface TextPlace {
  readonly start: number;
  readonly end: number;
}

export interface RecitalOptions {
  readonly engine: Pick<AssistantEngine, "kokoro">;
  readonly sink: PlayerSink;
  readonly clock: Clock;
  readonly conversationId: string;
  readonly text: string;
  readonly voice: string;
  /** 0.5 to 2. */
  readonly speed: number;
}

/**
 * Speaks a given text, without any model of language: a reply again, or a sample of a voice. It has an id like a turn,
 * and like one it can be interrupted; `finished` settles once, with the error that ended it, if any.
 */
export class Recital {
  readonly id = randomUUID();
  readonly finished: Promise<AppError | null>;
  readonly #options: RecitalOptions;
  readonly #queue: AudioQueue;
  readonly #abort = new AbortController();
  readonly #segments: readonly Segment[];
  readonly #places = new Map<string, TextPlace>();

  constructor(options: RecitalOptions) {
    this.#options = options;
    this.#queue = new AudioQueue({ sink: options.sink, clock: options.clock });
    const planner = new SpeechPlanner();
    this.#segments = [...planner.push(options.text), ...planner.finish()];
    this.finished = this.#run();
  }

  /** Where a chunk's words lie in the text, in characters. */
  placeOf(chunkId: string): TextPlace | undefined {
    return this.#places.get(chunkId);
  }

  acknowledge(playedSamples: number, underruns: number): void {
    this.#queue.acknowledge(this.id, playedSamples, underruns);
  }

  interrupt(): void {
    this.#abort.abort();
    this.#queue.interrupt(this.id);
  }

  async #run(): Promise<AppError | null> {
    const { voice } = this.#options;
    try {
      this.#queue.startTurn(this.id, voice);
      let index = 0;
      let startSample = 0;
      for (const segment of this.#segments) {
        for await (const part of this.#speak(segment)) {
          const chunkId = randomUUID();
          this.#places.set(chunkId, { start: segment.sourceStart, end: segment.sourceEnd });
          this.#queue.enqueue({
            chunkId,
            conversationId: this.#options.conversationId,
            turnId: this.id,
            index: index++,
            voice,
            textSource: part.text,
            sampleRateHz: part.sampleRateHz,
            pcm: part.pcm,
            startSample,
            words: part.words,
          });
          startSample += part.pcm.length;
        }
      }
      await this.#queue.finish(this.id);
      return null;
    } catch (error) {
      this.#queue.interrupt(this.id);
      return isCancelled(error) ? null : AppError.from(error);
    }
  }

  #speak(segment: Segment) {
    const { engine, voice, speed } = this.#options;
    const { signal } = this.#abort;
    return engine.kokoro.stream(
      "synthesize",
      { text: segment.text, voice, speed, isLast: segment.isLast },
      { signal },
    );
  }
}
