/** Speech lies between −54 dBFS (a whisper across the room) and −12 dBFS (close and loud); the ring spans that. */
const QUIET_DB = -54;
const LOUD_DB = -12;

/** A level's place between quiet and loud, 0 to 1, from its root mean square. */
export function levelFraction(rms: number): number {
  const db = 20 * Math.log10(Math.max(rms, 1e-6));
  return Math.min(1, Math.max(0, (db - QUIET_DB) / (LOUD_DB - QUIET_DB)));
}

const TICKS = 72;
const INNER_RADIUS = 43;
const REACH = 14;

/**
 * The newest levels as ticks around a circle of 43 units: the newest at the bottom, older ones climbing both sides to
 * the top, so that a voice reads as waves running up the ring.
 */
export function ringPath(history: readonly number[]): string {
  const parts: string[] = [];
  for (let tick = 0; tick < TICKS; tick++) {
    const fromBottom = Math.abs(((tick + TICKS / 2) % TICKS) - TICKS / 2);
    const age = Math.floor((fromBottom / (TICKS / 2)) * (history.length - 1));
    const outer = INNER_RADIUS + 1.5 + REACH * (history[age] ?? 0);
    const angle = (tick / TICKS) * 2 * Math.PI;
    const x = Math.sin(angle);
    const y = Math.cos(angle);
    parts.push(
      `M${round(x * INNER_RADIUS)} ${round(y * INNER_RADIUS)}L${round(x * outer)} ${round(y * outer)}`,
    );
  }
  return parts.join("");
}

function round(value: number): string {
  return value.toFixed(1);
}
