/** One question to main's clock, in epoch milliseconds of both clocks. */
export interface ClockProbe {
  readonly sentMs: number;
  readonly mainMs: number;
  readonly receivedMs: number;
}

/**
 * Main's clock minus ours, from the probe with the shortest way: its answer was half a round trip old, and the shorter
 * the trip the smaller the error (Cristian's algorithm). 0 without probes.
 */
export function clockOffsetMs(probes: readonly ClockProbe[]): number {
  const roundTrip = ({ sentMs, receivedMs }: ClockProbe): number => receivedMs - sentMs;
  const [best] = [...probes].sort((a, b) => roundTrip(a) - roundTrip(b));
  return best ? best.mainMs - (best.sentMs + best.receivedMs) / 2 : 0;
}
