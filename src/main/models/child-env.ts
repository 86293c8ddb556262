/**
 * What a model process may know of our environment: enough to find libraries, drivers and a temporary folder.
 * Everything else stays here: tokens for the model hub and whatever secrets a shell exports are no business of a model.
 */
const allowedNames: ReadonlySet<string> = new Set([
  "PATH",
  "HOME",
  "USERPROFILE",
  "LANG",
  "LC_ALL",
  "TZ",
  "TMPDIR",
  "TEMP",
  "TMP",
  // Windows cannot load system libraries without these.
  "SYSTEMROOT",
  "WINDIR",
  "LOCALAPPDATA",
  "PROGRAMDATA",
  "LD_LIBRARY_PATH",
  "DYLD_LIBRARY_PATH",
  "XDG_RUNTIME_DIR",
  "XDG_CACHE_HOME",
  "DISPLAY",
  "WAYLAND_DISPLAY",
]);

/** Settings of the GPU stacks: onnxruntime, CUDA, TensorRT, Vulkan and its layers, Mesa. */
const allowedPrefixes = ["ORT_", "CUDA_", "NVIDIA_", "TRT_", "VK_", "MESA_"];

/**
 * The environment of a model process. Telemetry is off whatever `source` says: Parley is private. glibc keeps to one heap:
 * with one for each thread, 6 000 syntheses grow the speech process by up to 48 MB before it settles; with one, by 5 MB, no slower.
 */
export function childEnv(source: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(source)) {
    const known = name.toUpperCase(); // Windows writes Path and SystemRoot.
    const isAllowed = allowedNames.has(known) || allowedPrefixes.some((prefix) => known.startsWith(prefix));
    if (isAllowed && value !== undefined) env[name] = value;
  }
  return { ...env, ORT_DISABLE_TELEMETRY: "1", MALLOC_ARENA_MAX: "1" };
}
