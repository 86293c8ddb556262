import type { BlockLevel } from "./capture-blocks.ts";

/** The name under which the capture worklet registers itself. */
export const CAPTURE_PROCESSOR = "parley-capture";

/** Worklet → page: mono samples in [-1, 1] at the context's rate. */
export interface CaptureMessage {
  readonly samples: Float32Array<ArrayBuffer>;
  /** Of the last few blocks; null with the blocks between. */
  readonly level: BlockLevel | null;
}
