import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { listSupportedBackends } from "onnxruntime-node";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readMachine } from "./machine.ts";
import type { Machine } from "./machine.ts";
import { allProviders, builtInProviders, obstacleTo } from "./platform-providers.ts";

let root: string;
beforeEach(() => (root = mkdtempSync(join(tmpdir(), "parley-machine-"))));
afterEach(() => rmSync(root, { recursive: true, force: true }));

function file(path: string, content: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
}

const linux = {
  platform: "linux",
  arch: "x64",
  hasGraphicsCard: true,
  hasNvidiaDriver: true,
  hasCudaLibraries: true,
  installedLibraries: null,
  fingerprint: "",
};

test.runIf(process.platform === "linux")(
  "R21 cards, their drivers and NVIDIA's version are in the key",
  () => {
    const bare = readMachine(root);
    expect(bare).toMatchObject({ hasNvidiaDriver: false, hasGraphicsCard: false });
    file("sys/class/drm/card0/device/uevent", "DRIVER=virtio-pci\n");
    expect(readMachine(root).hasGraphicsCard).toBe(false);
    expect(bare.fingerprint).toMatch(/onnxruntime 1\.\d+\.\d+/);
    file("sys/class/drm/card0/device/vendor", "0x10de\n");
    file("sys/class/drm/card0/device/device", "0x2330\n");
    file("sys/class/drm/card0/device/uevent", "DRIVER=nvidia\nPCI_CLASS=30200\n");
    file("sys/class/drm/card0-DP-1/status", "disconnected\n");
    file("proc/driver/nvidia/version", "NVRM version: NVIDIA UNIX x86_64 Kernel Module  570.1\nGCC\n");
    const { hasNvidiaDriver, hasGraphicsCard, fingerprint } = readMachine(root);
    expect([hasNvidiaDriver, hasGraphicsCard]).toEqual([true, true]);
    expect(fingerprint).toContain("card0 0x10de:0x2330 nvidia | NVRM version: NVIDIA UNIX");
    expect(fingerprint).not.toContain("DP-1");
    file("proc/driver/nvidia/version", "NVRM version: NVIDIA UNIX x86_64 Kernel Module  571.0\n");
    expect(readMachine(root).fingerprint).not.toBe(fingerprint);
  },
);

describe("R21 which providers are worth a trial", () => {
  test("the table is what this platform's onnxruntime says", () => {
    const real = listSupportedBackends().map(({ name }) => name);
    expect(builtInProviders({ platform: process.platform, arch: process.arch }).toSorted()).toEqual(
      real.toSorted(),
    );
  });

  const obstacles = (machine: Machine) =>
    Object.fromEntries(allProviders.map((provider) => [provider, obstacleTo(provider, machine)]));

  test("Linux with and without CUDA's libraries and driver", () => {
    expect(obstacles(linux)).toMatchObject({ webgpu: null, cuda: null, tensorrt: null, cpu: null });
    expect(obstacles({ ...linux, hasCudaLibraries: false })["cuda"]).toEqual({
      reason: "The CUDA libraries are not installed.",
      fix: "npm run setup:cuda",
    });
    // There is no npm in what people installed.
    const installed = { ...linux, hasCudaLibraries: false, installedLibraries: "/opt/Parley/x64" };
    expect(obstacles(installed)["cuda"]?.fix).toMatch(/^Copy .* into \/opt\/Parley\/x64, or use WebGPU\.$/u);
    expect(readMachine().installedLibraries).toBeNull();
    expect(obstacles({ ...linux, hasNvidiaDriver: false })["cuda"]?.reason).toBe(
      "There is no NVIDIA driver.",
    );
  });

  test("DirectML is for Windows, Core ML for macOS, and an ARM board has the processor", () => {
    expect(obstacles({ ...linux, platform: "win32" })).toMatchObject({ dml: null, webgpu: null });
    expect(obstacles({ ...linux, platform: "darwin", arch: "arm64" })).toMatchObject({ coreml: null });
    const arm = obstacles({ ...linux, arch: "arm64" });
    expect(arm["cpu"]).toBeNull();
    expect(arm["webgpu"]?.reason).toBe("onnxruntime has no WebGPU for linux arm64.");
    expect(arm["dml"]?.reason).toBe("DirectML exists on Windows only.");
  });
});
