import {
  PlaybackQueue,
  type Ending,
  type PlaybackQueueOptions,
} from "../../src/renderer/audio/playback-queue.ts";

/** A queue rendered block by block, with everything it put out and said. */
export class Rig {
  readonly endings: (Ending & { readonly turnId: string })[] = [];
  readonly holds: { turnId: string; frame: number; played: number }[] = [];
  readonly firstSounds: { turnId: string; frame: number }[] = [];
  readonly output: number[] = [];
  readonly queue: PlaybackQueue;

  constructor(options: Partial<PlaybackQueueOptions> = {}) {
    this.queue = new PlaybackQueue(
      { startGateSamples: 0, fadeInSamples: 8, maxFadeOutSamples: 240, ...options },
      {
        firstSound: (turnId, frame) => this.firstSounds.push({ turnId, frame }),
        held: (turnId, frame) => this.holds.push({ turnId, frame, played: this.queue.playedSamples }),
        ended: (turnId, ending) => this.endings.push({ turnId, ...ending }),
      },
    );
  }

  render(blocks = 1, size = 128): number[] {
    const start = this.output.length;
    for (let index = 0; index < blocks; index++) {
      const block = new Float32Array(size);
      this.queue.render(block, this.output.length);
      this.output.push(...block);
    }
    return this.output.slice(start);
  }
}

/** Distinct, never silent samples, so that a lost, repeated or moved one shows. */
export function ramp(length: number, from = 0): Float32Array {
  return Float32Array.from({ length }, (_, index) => 0.1 + ((from + index) % 5000) / 10_000);
}
