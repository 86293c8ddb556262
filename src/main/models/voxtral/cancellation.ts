import { AppError } from "../../../shared/errors.ts";

/**
 * Lets messages that have arrived be handled, a cancellation among them, then throws as `throwIfAborted`. Without this
 * macrotask a cancellation that arrived during one native run is only seen after the next.
 */
export async function pauseForCancellation(signal: AbortSignal): Promise<void> {
  await new Promise(setImmediate);
  throwIfAborted(signal);
}

/** Throws AppError cancelled once `signal` has been aborted. */
export function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new AppError("cancelled", "The reply was cancelled.");
}
