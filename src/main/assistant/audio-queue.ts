import type { AudioChunk } from "../../shared/audio.ts";
import { SPEAK_RATE_HZ } from "../../shared/audio.ts";
import type { Clock } from "../../shared/clock.ts";
import type { QueueStats } from "../../shared/contract.ts";
import { AppError } from "../../shared/errors.ts";
import { percentile } from "../../shared/metrics.ts";

/** Where speech goes: a window's player, a wav file. Called strictly one after the other, in the order of the chunks. */
export interface PlayerSink {
  /** Hands over a chunk; resolves when the transport has taken it. A rejection ends the turn's playback. */
  send(chunk: AudioChunk): Promise<void> | void;
  /** Nothing of this turn follows the `samples` sent. */
  end(turnId: string, samples: number): void;
  /** Silence, now: whatever the player still holds of this turn must not be heard. */
  stop(turnId: string): void;
}

/** What is spoken of one turn: enough to find the words at any sample. */
export interface QueuedChunk {
  readonly chunk: AudioChunk;
  readonly queuedAtMs: number;
}

export interface AudioQueueOptions {
  readonly sink: PlayerSink;
  readonly clock: Clock;
  /** How far sending may run ahead of what the player has acknowledged: bounds what a slow player must hold. */
  readonly aheadMs?: number;
  readonly onSent?: (chunk: AudioChunk, queuedAtMs: number, sendStartMs: number, sendEndMs: number) => void;
}

const DEFAULT_AHEAD_MS = 30_000;

/**
 * The audio queue of one conversation (R4): one turn speaks at a time, in one voice, chunk after chunk without overlap,
 * under the credit of samples the player says it has played. Chunks and acknowledgements of other turns are dropped.
 */
export class AudioQueue {
  readonly #options: AudioQueueOptions;
  #turn: TurnPlayback | undefined;

  constructor(options: AudioQueueOptions) {
    this.#options = options;
  }

  /** Begins a turn; whatever still spoke is stopped. Without `voice` its first chunk decides which one it speaks in. */
  startTurn(turnId: string, voice: string | null = null): void {
    this.#turn?.stop();
    this.#turn = new TurnPlayback(turnId, voice, this.#options);
  }

  /** Adds a chunk. False when it is of a turn that no longer speaks. Throws `internal` for a second voice in a turn. */
  enqueue(chunk: AudioChunk): boolean {
    return this.#of(chunk.turnId)?.enqueue(chunk) ?? false;
  }

  /** Keeps the turn's chunks here until `open`: its sound must not start yet. */
  hold(turnId: string): void {
    this.#of(turnId)?.hold();
  }

  open(turnId: string): void {
    this.#of(turnId)?.open();
  }

  /** The player has played this many samples of the turn, running dry `underruns` times so far. */
  acknowledge(turnId: string, playedSamples: number, underruns = 0): void {
    this.#of(turnId)?.acknowledge(playedSamples, underruns);
  }

  /** No chunk follows. Resolves when everything was sent and played (or the turn was stopped); never rejects. */
  async finish(turnId: string): Promise<void> {
    await this.#of(turnId)?.finish();
  }

  /** Stops the turn: nothing more is sent, the player is told to be silent. Returns what was heard of it. */
  interrupt(turnId: string): { readonly playedSamples: number; readonly chunks: readonly AudioChunk[] } {
    const turn = this.#of(turnId);
    if (!turn) return { playedSamples: 0, chunks: [] };
    turn.stop();
    return { playedSamples: turn.playedSamples, chunks: turn.sent };
  }

  stats(turnId: string): QueueStats {
    return this.#of(turnId)?.stats() ?? emptyStats();
  }

  #of(turnId: string): TurnPlayback | undefined {
    return this.#turn?.turnId === turnId ? this.#turn : undefined;
  }
}

export function emptyStats(): QueueStats {
  return {
    chunks: 0,
    sentChunks: 0,
    droppedChunks: 0,
    samples: 0,
    playedSamples: 0,
    underruns: 0,
    voice: null,
    voiceConsistent: true,
    queueLatencyMs: { p50: null, max: null },
    sendLatencyMs: { p50: null, max: null },
  };
}

/** One turn's way through the queue. */
class TurnPlayback {
  readonly turnId: string;
  readonly sent: AudioChunk[] = [];
  #voice: string | null;
  readonly #options: AudioQueueOptions;
  readonly #waiting: QueuedChunk[] = [];
  readonly #queueLatencies: number[] = [];
  readonly #sendLatencies: number[] = [];
  readonly #drained = Promise.withResolvers<void>();
  playedSamples = 0;
  #chunks = 0;
  #sentSamples = 0;
  #underruns = 0;
  #droppedChunks = 0;
  #voiceConsistent = true;
  #isSending = false;
  #isFinished = false;
  #isEndAnnounced = false;
  #isHeld = false;
  #isStopped = false;

  constructor(turnId: string, voice: string | null, options: AudioQueueOptions) {
    this.turnId = turnId;
    this.#voice = voice;
    this.#options = options;
  }

  enqueue(chunk: AudioChunk): boolean {
    if (this.#isStopped || this.#isFinished) {
      this.#droppedChunks++;
      return false;
    }
    this.#voice ??= chunk.voice;
    if (chunk.voice !== this.#voice) {
      this.#voiceConsistent = false;
      this.#droppedChunks++;
      throw new AppError(
        "internal",
        `A chunk in the voice ${chunk.voice} was offered to a turn in ${this.#voice}.`,
      );
    }
    this.#chunks++;
    this.#waiting.push({ chunk, queuedAtMs: this.#options.clock.nowMs() });
    void this.#sendWaiting();
    return true;
  }

  hold(): void {
    this.#isHeld = true;
  }

  open(): void {
    this.#isHeld = false;
    void this.#sendWaiting();
  }

  acknowledge(playedSamples: number, underruns: number): void {
    // A late report never takes back an earlier one, and no player can have played what was not sent.
    this.playedSamples = Math.min(this.#sentSamples, Math.max(this.playedSamples, playedSamples));
    this.#underruns = Math.max(this.#underruns, underruns);
    void this.#sendWaiting();
    this.#settle();
  }

  finish(): Promise<void> {
    if (!this.#isFinished && !this.#isStopped) {
      this.#isFinished = true;
      this.#announceEnd();
      this.#settle();
    }
    return this.#drained.promise;
  }

  stop(): void {
    if (this.#isStopped) return;
    // What is played to the end needs no silence; telling the player would only cut the next turn.
    const isOver = this.#isFinished && this.#isAllPlayed;
    this.#isStopped = true;
    this.#droppedChunks += this.#waiting.splice(0).length;
    if (!isOver) this.#options.sink.stop(this.turnId);
    this.#drained.resolve();
  }

  stats(): QueueStats {
    const summary = (values: readonly number[]) =>
      values.length === 0
        ? { p50: null, max: null }
        : { p50: percentile(values, 0.5), max: Math.max(...values) };
    return {
      chunks: this.#chunks,
      sentChunks: this.sent.length,
      droppedChunks: this.#droppedChunks,
      samples: this.#sentSamples,
      playedSamples: this.playedSamples,
      underruns: this.#underruns,
      voice: this.#voice,
      voiceConsistent: this.#voiceConsistent,
      queueLatencyMs: summary(this.#queueLatencies),
      sendLatencyMs: summary(this.#sendLatencies),
    };
  }

  get #isAllPlayed(): boolean {
    return this.#waiting.length === 0 && !this.#isSending && this.playedSamples >= this.#sentSamples;
  }

  get #hasCredit(): boolean {
    const aheadMs = ((this.#sentSamples - this.playedSamples) / SPEAK_RATE_HZ) * 1000;
    return aheadMs < (this.#options.aheadMs ?? DEFAULT_AHEAD_MS);
  }

  /** One sender at a time is what keeps chunks in order and apart. */
  async #sendWaiting(): Promise<void> {
    if (this.#isSending) return;
    this.#isSending = true;
    try {
      while (!this.#isStopped && !this.#isHeld && this.#hasCredit) {
        const next = this.#waiting.shift();
        if (!next) break;
        await this.#send(next);
      }
    } catch {
      // The player is gone: there is no one left to speak to, and the turn's text goes on without sound.
      this.#droppedChunks++;
      this.#isSending = false;
      this.stop();
      return;
    }
    this.#isSending = false;
    this.#announceEnd();
    this.#settle();
  }

  async #send({ chunk, queuedAtMs }: QueuedChunk): Promise<void> {
    const { clock, sink, onSent } = this.#options;
    const startMs = clock.nowMs();
    // Counted before the player can acknowledge it, which it may do before `send` resolves.
    this.sent.push(chunk);
    this.#sentSamples += chunk.pcm.length;
    await sink.send(chunk);
    const endMs = clock.nowMs();
    this.#queueLatencies.push(startMs - queuedAtMs);
    this.#sendLatencies.push(endMs - startMs);
    onSent?.(chunk, queuedAtMs, startMs, endMs);
  }

  #announceEnd(): void {
    if (!this.#isFinished || this.#isStopped || this.#isSending || this.#waiting.length > 0) return;
    if (this.#isEndAnnounced) return;
    this.#isEndAnnounced = true;
    this.#options.sink.end(this.turnId, this.#sentSamples);
  }

  #settle(): void {
    if (this.#isFinished && this.#isAllPlayed) this.#drained.resolve();
  }
}
