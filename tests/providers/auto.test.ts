import { cpSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { providerMemory } from "../../src/main/app/provider-memory.ts";
import type { ProcessKind } from "../../src/main/models/child-handle.ts";
import { startEngine, type Engine } from "../../src/main/models/engine.ts";
import { forkChild, forkModel } from "../../src/main/models/fork-port.ts";
import { builtInProviders } from "../../src/main/models/providers/platform-providers.ts";
import type { DeviceFaults } from "../support/device-process.ts";
import { openSession } from "../support/nano.ts";
import { goldenItem } from "../support/voxtral-golden.ts";

const hasWebGpu = builtInProviders(process).includes("webgpu");
if (!hasWebGpu)
  console.warn(`R21 onnxruntime has no WebGPU for ${process.platform} ${process.arch}: auto is not tested.`);

const pack = (name: string): string =>
  fileURLToPath(new URL(`../../resources/models/nano/${name}`, import.meta.url));

let folder: string;
let engine: Engine | undefined;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "parley-auto-"))));
afterEach(async () => {
  await engine?.dispose();
  rmSync(folder, { recursive: true, force: true });
});

/** The demo Voxtral with as much beside its graphs as a larger model has. It takes no room. */
function largeVoxtral(): string {
  const modelDir = join(folder, "voxtral");
  cpSync(pack("voxtral"), modelDir, { recursive: true });
  for (const stem of ["audio_encoder", "decoder_model_merged"]) {
    const file = join(modelDir, "onnx", `${stem}.onnx_data`);
    writeFileSync(file, "");
    truncateSync(file, 100 * 1024 * 1024);
  }
  return modelDir;
}

test.runIf(hasWebGpu)(
  "R21 a large model is tried, goes to the fastest device, leaves it when it fails, and remembers all but that",
  async () => {
    const faults: Partial<Record<ProcessKind, DeviceFaults>> = {
      // Next to a processor this slow anything is fast.
      probe: { webgpu: { type: "none" }, cpu: { type: "slow", ms: 100 } },
      voxtral: { webgpu: { type: "lost", input: "inputs_embeds", run: 12 } },
    };
    const url = new URL("../support/device-process.ts", import.meta.url);
    const modelDir = largeVoxtral();
    const started: ProcessKind[] = [];
    const start = (): Engine =>
      startEngine({
        models: {
          voxtral: { modelDir, provider: "auto", threads: 0 },
          kokoro: { modelDir: pack("kokoro"), provider: "auto", threads: 0 },
        },
        memory: providerMemory(folder),
        spawn(kind) {
          started.push(kind);
          return faults[kind] ? forkChild(url, [kind, JSON.stringify(faults[kind])]) : forkModel(kind);
        },
      });
    const onDevice = { audio_encoder: "webgpu", embed_tokens: "cpu", decoder_model_merged: "webgpu" };

    engine = start();
    const infos = await engine.ready;
    expect(infos.voxtral.providers).toEqual(onDevice);
    expect(infos.kokoro.providers).toEqual({ model: "cpu" });
    const trials = started.filter((kind) => kind === "probe").length;
    expect(trials).toBeGreaterThanOrEqual(2);
    const processor = engine.providers.voxtral.find(({ provider }) => provider === "cpu");
    expect(processor?.reason).toMatch(/^It takes [\d.]+ times as long\.$/);

    const { turn } = await openSession(engine).ask("06_story");
    expect((await turn.finished).outcome).toBe("completed");
    expect(turn.tokenIds).toEqual(goldenItem("06_story.wav").generated_ids);
    expect(engine.infos.voxtral?.providers["decoder_model_merged"]).toBe("cpu");

    // A loss may have had any cause: the next start gives the device another chance, without a trial.
    await engine.dispose();
    engine = start();
    expect((await engine.ready).voxtral.providers).toEqual(onDevice);
    expect(started.filter((kind) => kind === "probe")).toHaveLength(trials);
  },
  120_000,
);
