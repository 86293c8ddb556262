import { expect, test } from "vitest";
import { providerRowSchema } from "../../src/shared/provider-row.ts";
import { scratchFolder, startCli } from "./run-cli.ts";

const env = () => ({ PARLEY_HOME: scratchFolder() });

test("R21 R23 what each model runs on, how fast, and why not on the rest", async () => {
  const { exitCode, stdout } = await startCli(["providers", "--json"], env()).finished;
  expect(exitCode).toBe(0);
  const [voxtral, kokoro] = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(voxtral).toMatchObject({ kind: "voxtral", graphs: { decoder_model_merged: "cpu" } });
  expect(kokoro).toMatchObject({ kind: "kokoro", graphs: { model: "cpu" }, dtypes: { model: "fp32" } });
  for (const { loadMs, stepMs, providers } of [voxtral, kokoro]) {
    expect(loadMs).toBeGreaterThan(0);
    expect(stepMs).toBeGreaterThan(0);
    const rows = providerRowSchema.array().parse(providers);
    expect(rows.map(({ provider }) => provider)).toEqual([
      "webgpu",
      "cuda",
      "tensorrt",
      "dml",
      "coreml",
      "cpu",
    ]);
    for (const { provider, reason } of rows) {
      if (provider === "cpu") expect(reason).toBeNull();
      else expect(reason).toMatch(/\.$/);
    }
  }
});

test("R23 for people it is a table", async () => {
  const { exitCode, stdout } = await startCli(["providers", "--model", "nano"], env()).finished;
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^voxtral: voxtral \(fp32\), loaded in .*, a step takes [\d.]+ ms$/m);
  expect(stdout).toMatch(/^ {2}cpu +runs audio_encoder, decoder_model_merged$/m);
  expect(stdout).toMatch(/^memory: [\d.]+ GB free · graphics memory: /m);
});
