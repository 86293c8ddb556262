import { isDeviceLost } from "./onnx-failures.ts";

type Listener = (error: unknown) => void;

let listener: Listener | undefined;

/**
 * Ends this process when `error` says that its graphics device is gone: no session on it will ever run again, and what the
 * driver left behind is anyone's guess. The supervisor starts another process, which goes on elsewhere. Returns for other
 * errors, and outside a model process.
 */
export function endIfDeviceLost(error: unknown): void {
  if (isDeviceLost(error)) listener?.(error);
}

/** How this process ends; set once by its host. */
export function onDeviceLoss(listen: Listener): void {
  listener = listen;
}
