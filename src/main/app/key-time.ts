import type { Clock } from "../../shared/clock.ts";

/** A page's clock is related to ours by an estimate; a key time further off than this is not a key time. */
const maxKeyAgeMs = 5000;

/** When a page says a key moved, in epoch ms, as far as that can be: not in the future and not long ago. */
export function plausibleKeyTime(atMs: number, clock: Clock): number {
  const nowMs = clock.nowMs();
  return Math.min(nowMs, Math.max(atMs, nowMs - maxKeyAgeMs));
}

/** Resolves after `ms`; for 0 at once. */
export async function passed(ms: number, clock: Clock): Promise<void> {
  if (ms <= 0) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  clock.after(ms, resolve);
  await promise;
}
