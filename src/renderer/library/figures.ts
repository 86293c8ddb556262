import type { ModelEntry } from "../../shared/app-contract.ts";

/** Bytes as a person reads them, in powers of 1000 as hubs and disks count: "326 MB", "2.7 GB". */
export function formatBytes(bytes: number): string {
  if (bytes >= 1e9) return `${(bytes / 1e9).toFixed(1)} GB`;
  if (bytes >= 1e6) return `${Math.round(bytes / 1e6)} MB`;
  return `${Math.ceil(bytes / 1e3)} kB`;
}

/** Time left, in milliseconds, as roughly as it is known: "a few seconds", "1 min", "1 h 20 min". */
export function formatLeft(leftMs: number): string {
  const seconds = leftMs / 1000;
  if (seconds < 10) return "a few seconds";
  if (seconds < 55) return `${Math.ceil(seconds / 10) * 10} s`;
  const minutes = Math.max(1, Math.round(seconds / 60));
  if (minutes < 60) return `${minutes} min`;
  const rest = minutes % 60;
  return rest === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${rest} min`;
}

/** How far a transfer is: "1.2 GB of 3.0 GB · 24 MB/s · 1 min left". */
export function progressText(entry: ModelEntry): string {
  const { receivedBytes, totalBytes, bytesPerSecond, leftMs, state } = entry;
  const amount =
    totalBytes === null
      ? formatBytes(receivedBytes)
      : `${formatBytes(receivedBytes)} of ${formatBytes(totalBytes)}`;
  const isMoving = state === "downloading" && bytesPerSecond > 0;
  return [
    amount,
    isMoving && `${formatBytes(bytesPerSecond)}/s`,
    isMoving && leftMs !== null && `${formatLeft(leftMs)} left`,
  ]
    .filter(Boolean)
    .join(" · ");
}

/** In percent, 0 to 100; null while the size is not known. */
export function progressPercent({ receivedBytes, totalBytes }: ModelEntry): number | null {
  if (totalBytes === null || totalBytes === 0) return null;
  return Math.min(100, (100 * receivedBytes) / totalBytes);
}
