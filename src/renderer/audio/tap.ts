import type { PlayerAudio } from "../../shared/app-contract.ts";

/** What a test reads: everything the engine sent and everything the worklet put out, by turn. */
export interface AudioTap {
  /** Turn ids in the order they were first heard. */
  turns(): string[];
  /** The chunks as they arrived, one after another. */
  received(turnId: string): Float32Array;
  /** The worklet's output from the turn's first block to its last, silence of gaps included. */
  rendered(turnId: string): Float32Array;
}

declare global {
  interface Window {
    /** Only in the browser host with `?tap=1`. */
    parleyTap?: AudioTap;
  }
}

/** Keeps both sides of the player for comparison. Grows with every turn: for tests only. */
export class AudioRecorder implements AudioTap {
  readonly #received = new Map<string, Float32Array[]>();
  readonly #rendered = new Map<string, Float32Array[]>();

  receive({ turnId, pcm }: PlayerAudio): void {
    append(this.#received, turnId, pcm.slice());
  }

  render(turnId: string, samples: Float32Array): void {
    append(this.#rendered, turnId, samples);
  }

  turns(): string[] {
    return [...this.#rendered.keys()];
  }

  received(turnId: string): Float32Array {
    return join(this.#received.get(turnId) ?? []);
  }

  rendered(turnId: string): Float32Array {
    return join(this.#rendered.get(turnId) ?? []);
  }
}

function append(map: Map<string, Float32Array[]>, turnId: string, samples: Float32Array): void {
  const parts = map.get(turnId);
  if (parts) parts.push(samples);
  else map.set(turnId, [samples]);
}

function join(parts: readonly Float32Array[]): Float32Array {
  const joined = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
