import { basename } from "node:path";
import { AppError } from "../../shared/errors.ts";
import type { RealProvider } from "./services.ts";

/** What a session that cannot be created is reported as: model-missing, model-corrupt, out-of-memory, provider-unavailable. */
export function openFailure(path: string, provider: RealProvider, error: unknown): AppError {
  const reason = failureReason(error);
  const details = { path, provider, reason };
  if (isOutOfMemory(reason)) return outOfMemory(path, details, error);
  if (/external data|\.onnx_data/i.test(reason)) {
    const missing = /no such file|not exist|cannot find|file size/i.test(reason);
    return missing
      ? new AppError("model-missing", `Weights of ${path} are missing beside it. Download the model again.`, {
          cause: error,
          details,
        })
      : corrupt(path, details, error);
  }
  if (/protobuf|ModelProto|INVALID_GRAPH|not a valid model|Load model from/i.test(reason)) {
    return corrupt(path, details, error);
  }
  if (provider !== "cpu") {
    return new AppError(
      "provider-unavailable",
      `${provider} cannot run ${basename(path)} on this machine (${reason}). Choose another provider, or "auto".`,
      { cause: error, details },
    );
  }
  return corrupt(path, details, error);
}

function corrupt(path: string, details: unknown, cause: unknown): AppError {
  return new AppError(
    "model-corrupt",
    `The model file ${path} is damaged or incomplete. Delete it and download the model again.`,
    { cause, details },
  );
}

function outOfMemory(path: string, details: unknown, cause: unknown): AppError {
  return new AppError(
    "out-of-memory",
    `There is not enough memory for ${basename(path)}. Close other programs or choose a smaller precision.`,
    { cause, details },
  );
}

/** How Dawn (WebGPU), CUDA and Direct3D say that a device will not come back. */
const DEVICE_GONE =
  /device\W.*(lost|removed|hung|suspended)|external Instance reference|CUDA|CUDNN|D3D12|DXGI|887A00/i;

/**
 * What a failed run is reported as: out-of-memory, provider-unavailable or internal. When the graphics device went
 * away under it, or is full, `isDeviceLost` knows the error.
 */
export function runFailure(path: string, provider: RealProvider, error: unknown): AppError {
  const reason = failureReason(error);
  const details = { path, provider, reason };
  const lost = { ...details, isDeviceLost: true };
  // A device that is full stays full for this process: its conversation does not fit there.
  if (isOutOfMemory(reason)) return outOfMemory(path, provider === "cpu" ? details : lost, error);
  if (provider !== "cpu" && DEVICE_GONE.test(reason)) {
    return new AppError("provider-unavailable", `The graphics device failed while running (${reason}).`, {
      cause: error,
      details: lost,
    });
  }
  return new AppError("internal", `${basename(path)} could not run: ${reason}`, { cause: error, details });
}

/** Whether nothing more will run on this process's device: only another process, or another provider, goes on. */
export function isDeviceLost(error: unknown): boolean {
  const { details } = AppError.from(error);
  return typeof details === "object" && details !== null && "isDeviceLost" in details;
}

function isOutOfMemory(reason: string): boolean {
  return /bad_alloc|out of memory|failed to allocate|allocation failed/i.test(reason);
}

/** The sentence inside onnxruntime's message: its source path and C++ signature say nothing to a person. */
export function failureReason(error: unknown): string {
  const line = (error instanceof Error ? error.message : String(error)).trim().split("\n")[0] ?? "";
  const sentence = line.split(/ was false\. |: FAIL : /).at(-1) ?? line;
  return sentence.replaceAll(/\S*onnxruntime_src\S*\s?/g, "").slice(0, 300);
}
