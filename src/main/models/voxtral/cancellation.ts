import { AppError } from "../../../shared/errors.ts";

/** Throws AppError cancelled once `signal` has been aborted. */
export function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new AppError("cancelled", "The reply was cancelled.");
}
