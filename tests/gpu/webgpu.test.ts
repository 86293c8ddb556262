import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { systemClock } from "../../src/shared/clock.ts";
import { startEngine, type Engine, type EngineInfos } from "../../src/main/models/engine.ts";
import { forkModel } from "../../src/main/models/fork-port.ts";
import { disagreement } from "../../src/main/models/providers/agreement.ts";
import { probe } from "../../src/main/models/providers/probe.ts";
import { ProviderChooser } from "../../src/main/models/providers/chooser.ts";
import { scales } from "../../tools/synthetic/scales.ts";
import { writeModels } from "../../tools/synthetic/write-models.ts";
import { openSession } from "../support/nano.ts";
import { goldenItem } from "../support/voxtral-golden.ts";

/** Chromium's software GPU, a complete Vulkan device: exact enough to compare words, far too slow to talk to. */
const icds = [process.env["PARLEY_VULKAN_ICD"], "/usr/lib/chromium/vk_swiftshader_icd.json"];
const icd = icds.find((file) => file !== undefined && existsSync(file));
if (!icd) {
  console.warn(
    "R21 there is no SwiftShader (Debian's chromium brings it; PARLEY_VULKAN_ICD names another driver): WebGPU is not tested.",
  );
}

const pack = (name: string): string =>
  fileURLToPath(new URL(`../../resources/models/nano/${name}`, import.meta.url));

describe.skipIf(!icd)("R21 WebGPU, on a real device", () => {
  beforeAll(() => {
    vi.stubEnv("VK_ICD_FILENAMES", icd);
    // The Vulkan loader lies beside it, and is looked for when the process starts.
    vi.stubEnv("LD_LIBRARY_PATH", path.dirname(icd!));
  });
  afterAll(() => {
    vi.unstubAllEnvs();
  });

  describe("the decoder answers a spoken question", () => {
    let engine: Engine;
    let infos: EngineInfos;
    beforeAll(async () => {
      engine = startEngine({
        models: {
          voxtral: {
            modelDir: pack("voxtral"),
            provider: "webgpu",
            // A window takes SwiftShader the better part of a minute.
            graphProviders: { audio_encoder: "cpu" },
            threads: 0,
            dtype: "fp32",
          },
          // Warming Kokoro's lengths would take it minutes.
          kokoro: { modelDir: pack("kokoro"), provider: "cpu", threads: 0 },
        },
      });
      infos = await engine.ready;
    }, 120_000);
    afterAll(() => engine?.dispose());

    test("it runs there, and its cache stays there", () => {
      expect(infos.voxtral.providers).toEqual({
        audio_encoder: "cpu",
        embed_tokens: "cpu",
        decoder_model_merged: "webgpu",
      });
      expect(infos.voxtral.kvOnDevice).toBe(true);
    });

    // The second conversation keeps the first few positions of the first one's cache, which is cut on the device.
    test.each(["03_capital_france", "04_three_plus_four"])(
      "%s, with the processor's ids",
      async (name) => {
        const { turn } = await openSession(engine).ask(name);
        expect((await turn.finished).outcome).toBe("completed");
        expect(turn.tokenIds).toEqual(goldenItem(`${name}.wav`).generated_ids);
        expect(turn.spoken.length).toBeGreaterThan(0);
      },
      120_000,
    );
  });

  const { signal } = new AbortController();
  const options = { spawn: () => forkModel("probe"), clock: systemClock, signal };

  describe("graphs with the operators of the hub's files", () => {
    let folder: string;
    const load = (dtype: string) =>
      ({ modelDir: path.join(folder, "voxtral"), provider: "auto", threads: 0, dtype }) as const;
    beforeAll(() => {
      folder = mkdtempSync(path.join(tmpdir(), "parley-webgpu-"));
      // A window of the next larger scale takes SwiftShader half a minute.
      const voxtral = { ...scales.ci, encoderLayers: 1, encoderSize: 32, encoderHeads: 1 };
      writeModels(folder, { voxtral, dtypes: ["q4", "q4f16"], width: 1 / 16, seed: "webgpu" });
    });
    afterAll(() => rmSync(folder, { recursive: true }));

    test("q4: it computes what the processor computes", async () => {
      const device = await probe({ kind: "voxtral", load: load("q4"), provider: "webgpu" }, options);
      expect(device.outcome).toMatchObject({ verdict: "works", reason: null });
      const processor = await probe({ kind: "voxtral", load: load("q4"), provider: "cpu" }, options);
      expect(Object.keys(device.samples!)).toEqual(["audio_encoder", "decoder_model_merged"]);
      expect(disagreement(device.samples!, processor.samples!)).toBeNull();
    }, 120_000);

    test("q4: only the last position's scores are computed, and the cache stays there", async () => {
      const engine = startEngine({
        models: {
          voxtral: { ...load("q4"), provider: "webgpu", graphProviders: { audio_encoder: "cpu" } },
          kokoro: { modelDir: pack("kokoro"), provider: "cpu", threads: 0 },
        },
      });
      try {
        const { voxtral } = await engine.ready;
        expect(voxtral.providers).toMatchObject({ decoder_model_merged: "webgpu" });
        expect(voxtral.decoderTuning).toEqual({ changes: ["last logits"] });
        expect(voxtral.kvOnDevice).toBe(true);
      } finally {
        await engine.dispose();
      }
    }, 120_000);

    // SwiftShader has no half precision, as many older cards. Another driver than ours may have it.
    test.skipIf(process.env["PARLEY_VULKAN_ICD"])(
      "q4f16 on a device without half precision: the row says so, and which precision to take",
      async () => {
        const chooser = new ProviderChooser({ ...options, smallGraphBytes: 0 });
        const { load: settled, rows } = await chooser.choose("voxtral", load("q4f16"), { signal });
        expect(settled.graphProviders).toEqual({ audio_encoder: "cpu", decoder_model_merged: "cpu" });
        expect(rows.find(({ provider }) => provider === "webgpu")).toMatchObject({
          graphs: [],
          reason: expect.stringMatching(/f16/),
          fix: "This graphics card has no half precision: take a model without f16 in its name, such as q4 or fp32.",
        });
      },
      120_000,
    );
  });

  test("Kokoro says the processor's sentence", async () => {
    const load = { modelDir: pack("kokoro"), provider: "auto", threads: 0 } as const;
    const device = await probe({ kind: "kokoro", load, provider: "webgpu" }, options);
    expect(device.outcome).toMatchObject({ verdict: "works", reason: null });
    const processor = await probe({ kind: "kokoro", load, provider: "cpu" }, options);
    expect(disagreement(device.samples!, processor.samples!)).toBeNull();
  }, 120_000);
});
