import type { RealProvider } from "../services.ts";
import type { Machine } from "./machine.ts";

/** Why a provider cannot run, and what would help; null where nothing would. */
export interface Obstacle {
  readonly reason: string;
  readonly fix: string | null;
}

/** How people call the providers. */
export const providerLabels: Readonly<Record<RealProvider, string>> = {
  webgpu: "WebGPU",
  cuda: "CUDA",
  tensorrt: "TensorRT",
  dml: "DirectML",
  coreml: "Core ML",
  cpu: "the processor",
};

/** All of them, the likely best first. WebGPU leads: it is the one whose KV cache can stay on the device. */
export const allProviders: readonly RealProvider[] = ["webgpu", "cuda", "tensorrt", "dml", "coreml", "cpu"];

/**
 * Providers in onnxruntime-node 1.30's binaries, by platform and architecture. CUDA and TensorRT are in it, but their
 * libraries have to be fetched (300 MB, not in the npm registry).
 */
const builtIn: Readonly<Record<string, readonly RealProvider[]>> = {
  "linux x64": ["cpu", "webgpu", "cuda", "tensorrt"],
  "linux arm64": ["cpu"],
  "darwin arm64": ["cpu", "webgpu", "coreml"],
  "win32 x64": ["cpu", "webgpu", "dml"],
  "win32 arm64": ["cpu", "webgpu", "dml"],
};

/** Providers that this machine's onnxruntime knows. */
export function builtInProviders({
  platform,
  arch,
}: Pick<Machine, "platform" | "arch">): readonly RealProvider[] {
  return builtIn[`${platform} ${arch}`] ?? ["cpu"];
}

/** Why a provider need not even be tried here; null when only a trial can tell. */
export function obstacleTo(provider: RealProvider, machine: Machine): Obstacle | null {
  if (!builtInProviders(machine).includes(provider))
    return { reason: elsewhere(provider, machine), fix: null };
  if (provider !== "cuda" && provider !== "tensorrt") return null;
  if (!machine.hasNvidiaDriver) {
    return {
      reason: "There is no NVIDIA driver.",
      fix: "Install NVIDIA's driver, if there is an NVIDIA card.",
    };
  }
  if (!machine.hasCudaLibraries) {
    const { installedLibraries: folder } = machine;
    return {
      reason: "The CUDA libraries are not installed.",
      fix:
        folder === null
          ? "npm run setup:cuda"
          : `Copy libonnxruntime_providers_*.so of onnxruntime 1.30 for CUDA into ${folder}, or use WebGPU.`,
    };
  }
  return null;
}

/** How onnxruntime's WebGPU says that a device has no shader-f16 (1.30). */
const NO_HALF_PRECISION = /requires? (shader-)?f16/i;

/** What to do about a provider that was tried in vain, for `reason`. */
export function fixFor(provider: RealProvider, { platform }: Machine, reason: string | null): string | null {
  if (reason !== null && NO_HALF_PRECISION.test(reason)) {
    return "This graphics card has no half precision: take a model without f16 in its name, such as q4 or fp32.";
  }
  switch (provider) {
    case "webgpu":
      return platform === "linux"
        ? "Install the Vulkan driver of the graphics card (Debian: mesa-vulkan-drivers, or NVIDIA's own)."
        : "Update the graphics driver.";
    case "cuda":
      return "Install CUDA 12 and cuDNN 9 from NVIDIA, and start Parley again.";
    case "tensorrt":
      return "Install TensorRT 10 from NVIDIA, and start Parley again.";
    case "dml":
      return "Update the graphics driver.";
    default:
      return null;
  }
}

/**
 * Providers that `auto` does not try by itself. TensorRT builds an engine for minutes at every new length; it is there for
 * those who ask for it by name.
 */
export const onlyByName: ReadonlyMap<RealProvider, string> = new Map([
  ["tensorrt", "It prepares each new length for minutes, so it only runs when you choose it."],
]);

function elsewhere(provider: RealProvider, { platform, arch }: Pick<Machine, "platform" | "arch">): string {
  if (provider === "dml" && platform !== "win32") return "DirectML exists on Windows only.";
  if (provider === "coreml" && platform !== "darwin") return "Core ML exists on macOS only.";
  return `onnxruntime has no ${providerLabels[provider]} for ${platform} ${arch}.`;
}
