import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { assertFits, freeMemory, memoryNeed, shortage } from "./memory.ts";

const GB = 1e9;
let dir: string;
beforeEach(() => (dir = mkdtempSync(join(tmpdir(), "parley-memory-"))));
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function file(path: string, content: string): void {
  mkdirSync(dirname(join(dir, path)), { recursive: true });
  writeFileSync(join(dir, path), content);
}

/** A file of this size that takes no room. */
function weights(name: string, bytes: number): void {
  file(`onnx/${name}`, "");
  truncateSync(join(dir, "onnx", name), bytes);
}

const load = () => ({ modelDir: dir, provider: "auto", threads: 0, dtype: "q4" }) as const;

test("R62 what Voxtral needs: its weights, and keys and values of ten minutes", () => {
  const text_config = {
    num_hidden_layers: 30,
    num_attention_heads: 32,
    num_key_value_heads: 8,
    hidden_size: 3072,
    head_dim: 128,
  };
  file("config.json", JSON.stringify({ text_config }));
  for (const stem of ["audio_encoder", "embed_tokens", "decoder_model_merged"]) {
    weights(`${stem}_q4.onnx`, 1000);
    weights(`${stem}_q4.onnx_data`, 2 * GB);
  }
  const need = memoryNeed("voxtral", load());
  expect(need["audio_encoder"]).toBe(2 * GB + 1000);
  // 2 × 30 layers × 8 heads × 128 × 4096 positions in single precision.
  expect(need["decoder_model_merged"]).toBe(2 * GB + 1000 + 1_006_632_960);
});

test("R21 the demo pack's need is its files' size and a small cache", () => {
  const nano = fileURLToPath(new URL("../../../../resources/models/nano/kokoro", import.meta.url));
  expect(memoryNeed("kokoro", { modelDir: nano, provider: "auto", threads: 0 })).toEqual({
    model: 8_638_649,
  });
});

test("R62 a model that cannot fit is refused with what it needs and what there is", () => {
  const need = { audio_encoder: GB, embed_tokens: GB, decoder_model_merged: 3 * GB };
  const onCpu = { audio_encoder: "cpu", decoder_model_merged: "cpu" } as const;
  const onDevice = { audio_encoder: "webgpu", decoder_model_merged: "webgpu" } as const;
  const free = { ramBytes: 4.9 * GB, deviceBytes: 3.5 * GB };
  expect(shortage("Mini", need, onCpu, free)).toBe(
    "Mini needs 5.0 GB of memory, and 4.9 GB are free. Choose a smaller precision of the model, or close other programs.",
  );
  expect(shortage("Mini", need, onDevice, free)).toMatch(
    /^Mini needs 4\.0 GB of graphics memory on WebGPU, and 3\.5 GB are free\./,
  );
  expect(shortage("Mini", need, onCpu, { ...free, ramBytes: 5 * GB })).toBeNull();
  // Where nobody knows what the card has, trying tells.
  expect(shortage("Mini", need, onDevice, { ...free, deviceBytes: null })).toBeNull();
  expect(() => assertFits(load(), need, onCpu, free)).toThrow(
    expect.objectContaining({ code: "out-of-memory" }),
  );
});

test("R21 the roomiest card counts; without one that tells, nothing is claimed", async () => {
  expect((await freeMemory(dir)).deviceBytes).toBeNull();
  for (const [card, total, used] of [
    ["card0", 2 * GB, GB / 2],
    ["card1", 16 * GB, 4 * GB],
  ] as const) {
    file(`sys/class/drm/${card}/device/mem_info_vram_total`, `${total}\n`);
    file(`sys/class/drm/${card}/device/mem_info_vram_used`, `${used}\n`);
  }
  const { ramBytes, deviceBytes } = await freeMemory(dir);
  expect(deviceBytes).toBe(12 * GB);
  expect(ramBytes).toBeGreaterThan(0);
});
