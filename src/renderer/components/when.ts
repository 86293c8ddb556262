const DAY_MS = 86_400_000;

/** A moment as people say it: a time today, a weekday this week, else a date. In the system's language. */
export function formatWhen(atMs: number, nowMs: number): string {
  const at = new Date(atMs);
  if (at.toDateString() === new Date(nowMs).toDateString()) {
    return at.toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit" });
  }
  if (nowMs - atMs < 6 * DAY_MS) return at.toLocaleDateString(undefined, { weekday: "short" });
  return at.toLocaleDateString(undefined, { day: "numeric", month: "short" });
}
