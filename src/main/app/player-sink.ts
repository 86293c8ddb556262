import type { Clock } from "../../shared/clock.ts";
import type { PlayerSink } from "../assistant/audio-queue.ts";
import type { LatencyRecorder } from "./latency-recorder.ts";
import type { PlayerLink } from "./player-link.ts";
import type { TextPlace } from "./recital.ts";

export interface PlayerSinkOptions {
  readonly link: Pick<PlayerLink, "send" | "end" | "stop">;
  readonly latency: Pick<LatencyRecorder, "audioSent">;
  readonly clock: Clock;
  /** Where a chunk's words lie in the reply. */
  readonly placeOf: (turnId: string, chunkId: string) => TextPlace | undefined;
}

/** Inaudible as a click, and well within the 50 ms in which an interruption has to be silent (R46). */
const stopFadeMs = 10;

/** The audio queue's way to the windows: chunks in the form of the contract. */
export function playerSink({ link, latency, clock, placeOf }: PlayerSinkOptions): PlayerSink {
  return {
    send({ sampleRateHz, words, ...chunk }) {
      const place = placeOf(chunk.turnId, chunk.chunkId) ?? { start: 0, end: 0 };
      const sentAtMs = clock.nowMs();
      latency.audioSent(chunk.turnId, sentAtMs);
      link.send({
        ...chunk,
        // The contract's pcm is over a plain ArrayBuffer, which is what every Port makes of it.
        pcm: new Float32Array(chunk.pcm),
        sampleRate: sampleRateHz,
        words: [...words],
        replyStart: place.start,
        replyEnd: place.end,
        sentAtMs,
      });
    },
    end: (turnId, samples) => link.end(turnId, samples),
    stop: (turnId) => link.stop(turnId, stopFadeMs),
  };
}
