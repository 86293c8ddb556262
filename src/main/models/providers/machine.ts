import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { arch, cpus, platform, release } from "node:os";
import { basename, dirname, join } from "node:path";
import { unpacked } from "../unpacked.ts";

/** What of this machine decides which providers can run here. */
export interface Machine {
  readonly platform: string;
  readonly arch: string;
  /** Whether there is a graphics card that models could run on; null where the system does not tell. */
  readonly hasGraphicsCard: boolean | null;
  readonly hasNvidiaDriver: boolean;
  /** onnxruntime's CUDA and TensorRT libraries, which npm does not bring. */
  readonly hasCudaLibraries: boolean;
  /** Where they would have to lie in an installed Parley; null in one that npm can bring them to. */
  readonly installedLibraries: string | null;
  /**
   * Hardware, drivers and onnxruntime in one line: what was measured holds as long as it stays the same. Coarse where the
   * system says little; measuring once too often costs a minute, once too rarely a wrong choice.
   */
  readonly fingerprint: string;
}

/** Reads this machine without starting anything. `root` replaces `/` in tests. Never throws: what cannot be read is absent. */
export function readMachine(root = "/"): Machine {
  const runtime = runtimeFolder();
  const nvidia = firstLine(join(root, "proc/driver/nvidia/version"));
  const libraries = namesIn(runtime.binaries).filter((name) => name.includes("_providers_"));
  const [processor] = cpus();
  const cards = graphicsCards(join(root, "sys/class/drm"));
  const facts = [
    `${platform()} ${arch()} ${release()}`,
    `${cpus().length} × ${processor?.model ?? "processor"}`,
    ...cards,
    nvidia,
    ...vulkanDrivers(root),
    `onnxruntime ${runtime.version}`,
    ...libraries,
  ];
  return {
    platform: platform(),
    arch: arch(),
    hasGraphicsCard: hasGraphicsCard(cards, nvidia),
    hasNvidiaDriver: platform() !== "linux" || nvidia !== "",
    hasCudaLibraries: libraries.some((name) => name.includes("_providers_cuda")),
    installedLibraries: runtime.isInstalled ? runtime.binaries : null,
    fingerprint: facts.filter((fact) => fact !== "").join(" | "),
  };
}

/** Vendor, device and kernel driver of each card: `card0 0x10de:0x2330 nvidia`. Connectors ("card0-DP-1") are no cards. */
function graphicsCards(folder: string): readonly string[] {
  const cards = namesIn(folder).filter((name) => /^card\d+$/.test(name));
  return cards.map((card) => {
    const device = join(folder, card, "device");
    const driver = /^DRIVER=(.*)$/m.exec(textOf(join(device, "uevent")))?.[1] ?? "";
    return `${card} ${firstLine(join(device, "vendor"))}:${firstLine(join(device, "device"))} ${driver}`;
  });
}

/** Kernel drivers of virtual screens, and of the chips that show a server's console: nothing computes there. */
const screensOnly =
  /\b(ast|bochs\S*|cirrus\S*|hyperv\S*|mgag200|qxl|simple-framebuffer|vgem|virtio\S*|vkms|vmwgfx)$/;

function hasGraphicsCard(cards: readonly string[], nvidia: string): boolean | null {
  if (platform() === "linux") return nvidia !== "" || cards.some((card) => !screensOnly.test(card.trim()));
  // Every Apple silicon computes with Metal; Windows tells no file what it has.
  return platform() === "darwin" && arch() === "arm64" ? true : null;
}

/** Vulkan's drivers are what WebGPU runs on under Linux; an update of Mesa touches its manifest. */
function vulkanDrivers(root: string): readonly string[] {
  const named = ["VK_ICD_FILENAMES", "VK_DRIVER_FILES"].flatMap(
    (name) => process.env[name]?.split(":") ?? [],
  );
  const folders = ["usr/share/vulkan/icd.d", "etc/vulkan/icd.d"].map((folder) => join(root, folder));
  const found = folders.flatMap((folder) => namesIn(folder).map((name) => join(folder, name)));
  return [...named, ...found].map((file) => {
    const changed = statSync(file, { throwIfNoEntry: false })?.mtime.toISOString();
    return `${basename(file)} ${changed ?? "missing"}`;
  });
}

/** Where onnxruntime's own libraries lie, without loading them: this process is not to depend on a graphics driver. */
function runtimeFolder(): {
  readonly version: string;
  readonly binaries: string;
  readonly isInstalled: boolean;
} {
  const manifest = createRequire(import.meta.url).resolve("onnxruntime-node/package.json");
  const content: unknown = JSON.parse(textOf(manifest) || "{}");
  const hasVersion = typeof content === "object" && content !== null && "version" in content;
  const outside = unpacked(manifest);
  return {
    version: hasVersion ? String(content.version) : "unknown",
    binaries: join(dirname(outside), "bin", "napi-v6", platform(), arch()),
    isInstalled: outside !== manifest,
  };
}

function namesIn(folder: string): readonly string[] {
  // Most machines lack some of these folders; there is nothing to tell about that.
  return existsSync(folder) ? readdirSync(folder).toSorted() : [];
}

function firstLine(file: string): string {
  return textOf(file).split("\n")[0]!.trim();
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    // Absent, or not for us to read: then it says nothing about this machine.
    return "";
  }
}
