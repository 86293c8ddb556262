/** What of an AudioContext places a frame in time. */
export interface OutputClock {
  readonly currentTime: number;
  /** Seconds from the worklet to the listener's ear, as far as the browser knows it; 0 or absent when it does not. */
  readonly outputLatency?: number;
  getOutputTimestamp(): { readonly contextTime?: number; readonly performanceTime?: number };
}

/**
 * When a frame is heard, in epoch milliseconds. `getOutputTimestamp` names the frame leaving the device right now, so
 * the device's delay is already in it; before the device has started it is all zeros, and the frame's distance from
 * `currentTime` plus `outputLatency` has to do (Web Audio API 1.1, §1.2.2).
 */
export function heardAtMs(
  clock: OutputClock,
  frameSeconds: number,
  nowMs: number,
  timeOriginMs: number,
): number {
  const { contextTime = 0, performanceTime = 0 } = clock.getOutputTimestamp();
  if (contextTime > 0 && performanceTime > 0) {
    return timeOriginMs + performanceTime + (frameSeconds - contextTime) * 1000;
  }
  return timeOriginMs + nowMs + (frameSeconds - clock.currentTime + (clock.outputLatency ?? 0)) * 1000;
}

/** Milliseconds between a frame leaving the worklet and being heard; null when the browser does not say. */
export function outputLatencyMs(clock: OutputClock): number | null {
  const seconds = clock.outputLatency;
  return seconds === undefined || !Number.isFinite(seconds) ? null : seconds * 1000;
}
