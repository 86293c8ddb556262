import type { EndCause } from "./playback-queue.ts";

/** The name under which the playback worklet registers itself. */
export const PLAYBACK_PROCESSOR = "parley-playback";

/** Settings of the worklet, fixed for its life. */
export interface PlaybackProcessorOptions {
  readonly startGateSamples: number;
  /** Copies every rendered sample of a turn to the page, for tests of what really went out. */
  readonly tap: boolean;
}

/** Page → worklet. */
export type PlaybackCommand =
  | {
      readonly type: "chunk";
      readonly turnId: string;
      readonly pcm: Float32Array;
      /** Samples that must be queued before the turn begins to sound; absent for the worklet's own. */
      readonly startGateSamples?: number;
    }
  | { readonly type: "complete"; readonly turnId: string }
  | { readonly type: "stop"; readonly turnId: string; readonly fadeSamples: number }
  /** See PlaybackQueue.setGain. */
  | {
      readonly type: "gain";
      readonly turnId: string;
      readonly gain: number;
      readonly fadeSamples: number;
    };

/** Worklet → page. `frameSeconds` is the context time of the frame in question. */
export type PlaybackReport =
  | {
      readonly type: "progress";
      readonly turnId: string;
      readonly playedSamples: number;
      readonly underruns: number;
    }
  | {
      readonly type: "first-sound";
      readonly turnId: string;
      readonly playedSamples: number;
      readonly underruns: number;
      readonly frameSeconds: number;
    }
  /** The turn fell silent and keeps its place. */
  | {
      readonly type: "held";
      readonly turnId: string;
      readonly playedSamples: number;
      readonly underruns: number;
      readonly frameSeconds: number;
    }
  | {
      readonly type: "ended";
      readonly turnId: string;
      readonly playedSamples: number;
      readonly underruns: number;
      /** The end of the last sound of the turn; null when it made none. */
      readonly silentSeconds: number | null;
      readonly cause: EndCause;
      /** From the arrival of `stop` in the worklet to the first silent frame; null unless stopped. */
      readonly stopToSilenceMs: number | null;
    }
  | { readonly type: "tap"; readonly turnId: string; readonly samples: Float32Array };
