import type { RealProvider } from "../../src/main/models/services.ts";

const providers = [
  "cpu",
  "webgpu",
  "cuda",
  "tensorrt",
  "dml",
  "coreml",
] as const satisfies readonly RealProvider[];

/** The provider of this name. Throws an Error with the names there are. */
export function modelProvider(name: string): RealProvider {
  const found = providers.find((provider) => provider === name);
  if (found) return found;
  throw new Error(`--provider takes ${providers.join(", ")}, not ${name}.`);
}
