import type { PlayerAudio } from "../../shared/app-contract.ts";

/** What a page needs to go on with a reply that another page began to play. */
export interface RemainingAudio {
  /** Samples of the turn that were heard before; the chunks count from there. */
  readonly baseSamples: number;
  readonly chunks: readonly PlayerAudio[];
  /** Set when nothing of the turn follows: how many samples the page will have played by then. */
  readonly endSamples: number | null;
}

/**
 * The speech of one turn that was sent and not yet acknowledged: a few seconds at most. When the window that played it
 * is reloaded, the next one goes on where the acknowledgements stopped.
 */
export class SentAudio {
  readonly turnId: string;
  #chunks: PlayerAudio[] = [];
  #baseSamples = 0;
  #playedSamples = 0;
  #sentSamples = 0;
  #totalSamples: number | null = null;

  constructor(turnId: string) {
    this.turnId = turnId;
  }

  /** Samples the present page's counts begin after. */
  get baseSamples(): number {
    return this.#baseSamples;
  }

  add(chunk: PlayerAudio): void {
    this.#chunks.push(chunk);
    this.#sentSamples = Math.max(this.#sentSamples, chunk.startSample + chunk.pcm.length);
  }

  /** Nothing follows; the turn's speech has `samples` in all. */
  end(samples: number): void {
    this.#totalSamples = samples;
  }

  /** Takes a page's count of what it played and returns the turn's. */
  played(pageSamples: number): number {
    // Never more than was sent, whatever a page says.
    const played = Math.min(this.#baseSamples + pageSamples, this.#sentSamples);
    this.#playedSamples = Math.max(this.#playedSamples, played);
    this.#chunks = this.#chunks.filter((chunk) => chunk.startSample + chunk.pcm.length > this.#playedSamples);
    return this.#playedSamples;
  }

  /** The chunk as the present page should place it. */
  rebased(chunk: PlayerAudio): PlayerAudio {
    return rebase(chunk, this.#baseSamples);
  }

  /** Hands what was not heard to a new page; its counts begin at 0. */
  resume(): RemainingAudio {
    this.#baseSamples = this.#playedSamples;
    return {
      baseSamples: this.#baseSamples,
      chunks: this.#chunks.map((chunk) => rebase(chunk, this.#baseSamples)),
      endSamples: this.#totalSamples === null ? null : this.#totalSamples - this.#baseSamples,
    };
  }
}

/** Moves a chunk to a count that begins at `base`; what lies before it is cut off. */
function rebase(chunk: PlayerAudio, base: number): PlayerAudio {
  if (base === 0) return chunk;
  const cut = Math.max(0, base - chunk.startSample);
  return {
    ...chunk,
    startSample: Math.max(0, chunk.startSample - base),
    pcm: chunk.pcm.slice(cut),
    // Words heard before stay in the list, at the very start: captions mark them as spoken.
    words: chunk.words.map((word) => ({
      ...word,
      startSample: Math.max(0, word.startSample - cut),
      endSample: Math.max(0, word.endSample - cut),
    })),
  };
}
