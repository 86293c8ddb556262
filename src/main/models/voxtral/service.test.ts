import { cpSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { goldenItem, goldenSamples, melBlocks, nanoDir } from "../../../../tests/support/voxtral-golden.ts";
import { createPortPair } from "../../../shared/ports/memory.ts";
import { connect } from "../../../shared/rpc.ts";
import { greedy } from "../services.ts";
import type { GenerationPart, LoadParams, VoxtralService } from "../services.ts";
import { start } from "./service.ts";

const load: LoadParams = { modelDir: nanoDir, provider: "cpu", threads: 0 };

describe("R44 the service over a port", () => {
  test("hears, answers, tokenizes, cuts and forgets", async () => {
    const [here, there] = createPortPair();
    using _service = start(there);
    using _port = here;
    const voxtral = connect<VoxtralService>(here);
    await expect(voxtral.call("tokenize", { text: "Hi" })).rejects.toMatchObject({ code: "bad-input" });

    const item = goldenItem("01_hello.wav");
    const loading = voxtral.call("load", load);
    // What is said while the model is still being loaded is not lost.
    for (const block of await melBlocks("u", goldenSamples(item.file))) voxtral.notify("mel", block);
    const info = await loading;
    expect(info).toMatchObject({
      modelName: "voxtral",
      providers: { audio_encoder: "cpu", embed_tokens: "cpu", decoder_model_merged: "cpu" },
      dtypes: { decoder_model_merged: "fp32" },
      contextLimit: 4096,
      kvDtype: "float32",
      kvOnDevice: false,
      encoderPieces: { count: 9 },
      decoderTuning: { changes: [], asItIsBecause: "Its weights are in the graph's own file." },
    });

    const prompt = {
      kind: "chat",
      instructions: "",
      turns: [{ role: "user", content: [{ type: "audio", utteranceId: "u", samples: item.n_samples }] }],
    } as const;
    const ask = async (): Promise<GenerationPart[]> => {
      const parts: GenerationPart[] = [];
      const params = { turnId: "t", prompt, sampling: greedy, maxNewTokens: 64 };
      for await (const part of voxtral.stream("generate", params)) parts.push(part);
      return parts;
    };
    const parts = await ask();
    expect(parts.at(-1)).toMatchObject({ type: "finished", tokenIds: item.generated_ids });
    const spans = parts.flatMap((part) =>
      part.type === "prefilled" ? part.spans : part.type === "token" ? [part.span] : [],
    );
    for (const [index, span] of spans.entries()) {
      expect(span.endMs - span.startMs).toBeGreaterThanOrEqual(span.sessionMs! - 0.01);
      if (index > 0) expect(span.startMs).toBeGreaterThanOrEqual(spans[index - 1]!.endMs - 0.01);
    }

    const ids = await voxtral.call("tokenize", { text: "[INST] Hello!" });
    expect(await voxtral.call("cut", { tokenIds: ids, characters: 1000 })).toEqual(ids);
    expect(await voxtral.call("cut", { tokenIds: item.generated_ids, characters: 6 })).toEqual(
      await voxtral.call("tokenize", { text: "Hello!" }),
    );
    voxtral.notify("forget", { utteranceIds: ["u"] });
    expect(await ask()).toHaveLength(parts.length);
    await voxtral.call("load", { ...load, dtype: "q8" });
    await expect(ask()).rejects.toMatchObject({ code: "audio-missing", details: { utteranceIds: ["u"] } });
  });
});

describe("R62 a model folder that is not whole", () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "parley-voxtral-"));
    cpSync(nanoDir, dir, { recursive: true });
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  const decoder = "onnx/decoder_model_merged.onnx";
  test.each<[string, (path: (file: string) => string) => void, string, string]>([
    ["no folder", (path) => rmSync(path("."), { recursive: true }), "model-missing", "folder"],
    [
      "no decoder",
      (path) => rmSync(path("onnx"), { recursive: true }),
      "model-missing",
      "decoder_model_merged",
    ],
    ["half a decoder", (path) => truncateSync(path(decoder), 1_000_000), "model-corrupt", decoder],
    ["an empty decoder", (path) => truncateSync(path(decoder), 0), "model-corrupt", decoder],
    [
      "a web page as decoder",
      (path) => writeFileSync(path(decoder), "<html>404</html>"),
      "model-corrupt",
      decoder,
    ],
    ["damaged bytes", (path) => damage(path(decoder)), "model-corrupt", decoder],
    [
      "the encoder as decoder",
      (path) => cpSync(path("onnx/audio_encoder.onnx"), path(decoder)),
      "model-wrong",
      decoder,
    ],
    [
      "half a tokenizer",
      (path) => truncateSync(path("tokenizer.json"), 5000),
      "model-corrupt",
      "tokenizer.json",
    ],
    ["no tokenizer", (path) => rmSync(path("tokenizer.json")), "model-missing", "tokenizer.json"],
    [
      "half a config",
      (path) => writeFileSync(path("config.json"), '{"model_type":"voxtral"}'),
      "model-corrupt",
      "conf",
    ],
    [
      "Kokoro's folder",
      (path) => cpSync(join(nanoDir, "../kokoro"), path("."), { recursive: true }),
      "model-wrong",
      "Voxtral",
    ],
  ])("%s says so, and a whole model can be loaded after it", async (_case, spoil, code, words) => {
    spoil((file) => join(dir, file));
    const [here, there] = createPortPair();
    using _service = start(there);
    using _port = here;
    const voxtral = connect<VoxtralService>(here);
    await expect(voxtral.call("load", { ...load, modelDir: dir, dtype: "fp32" })).rejects.toMatchObject({
      code,
      message: expect.stringContaining(words),
    });
    await expect(voxtral.call("tokenize", { text: "Hi" })).rejects.toMatchObject({ code });
    await voxtral.call("load", load);
    expect(await voxtral.call("tokenize", { text: "Hi" })).not.toHaveLength(0);
  });
});

/** Turns over bits of the first kilobytes, where the graph's structure is. */
function damage(path: string): void {
  const bytes = readFileSync(path);
  for (let at = 0; at < 8192; at += 37) bytes[at]! ^= 0x5a;
  writeFileSync(path, bytes);
}
