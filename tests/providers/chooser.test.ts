import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { systemClock } from "../../src/shared/clock.ts";
import { isCancelled } from "../../src/shared/errors.ts";
import type { ProviderRow } from "../../src/shared/provider-row.ts";
import { forkChild, forkModel } from "../../src/main/models/fork-port.ts";
import { ProviderChooser, type OutcomeMemory } from "../../src/main/models/providers/chooser.ts";
import type { Machine } from "../../src/main/models/providers/machine.ts";
import type { Outcome } from "../../src/main/models/providers/outcome.ts";
import { probe } from "../../src/main/models/providers/probe.ts";
import type { ProviderId } from "../../src/main/models/services.ts";
import type { DeviceFaults } from "../support/device-process.ts";

/** A machine where WebGPU and CUDA are worth a trial, wherever this runs. */
const machine: Machine = {
  platform: "linux",
  arch: "x64",
  hasGraphicsCard: true,
  hasNvidiaDriver: true,
  hasCudaLibraries: true,
  installedLibraries: null,
  fingerprint: "a machine of the tests",
};

const nano = (name: string): string =>
  fileURLToPath(new URL(`../../resources/models/nano/${name}`, import.meta.url));
const load = (name: string, provider: ProviderId = "auto") => ({
  modelDir: nano(name),
  provider,
  threads: 1,
});
const { signal } = new AbortController();

function setUp(faults: DeviceFaults, smallGraphBytes = 0) {
  let started = 0;
  const url = new URL("../support/device-process.ts", import.meta.url);
  const known = new Map<string, readonly Outcome[]>();
  const memory: OutcomeMemory = {
    read: async (key) => known.get(key) ?? [],
    write: async (key, outcomes) => void known.set(key, outcomes),
  };
  const spawn = () => {
    started++;
    return forkChild(url, ["probe", JSON.stringify(faults)]);
  };
  const options = { spawn, clock: systemClock, memory, machine: () => machine, smallGraphBytes };
  return { chooser: new ProviderChooser(options), options, spawn, started: () => started };
}

const rowOf = (rows: readonly ProviderRow[], provider: string): ProviderRow =>
  rows.find((row) => row.provider === provider)!;

describe("R21 providers are tried in a process of their own", () => {
  test("one that works is chosen for what it does fastest, and measured once only", async () => {
    // The demo decoder's step takes 2 ms: a device that needs 50 ms longer loses it, whatever else the machine does.
    const { chooser, options, started } = setUp({
      webgpu: { type: "slow", ms: 50 },
      cuda: { type: "crash" },
    });
    const { load: settled, rows } = await chooser.choose("voxtral", load("voxtral"), { signal });
    expect(settled.graphProviders).toMatchObject({ decoder_model_merged: "cpu" });
    const { costs, loadMs, reason } = rowOf(rows, "webgpu");
    expect(loadMs).toBeGreaterThan(0);
    expect(costs["decoder_model_merged"]?.stepMs).toBeGreaterThan(50);
    expect(costs["decoder_model_merged"]?.prefillMs).toBeGreaterThan(50);
    expect(reason).toMatch(/^It takes \d+(\.\d)? times as long\.$/);
    expect(rowOf(rows, "cpu").graphs).toContain("decoder_model_merged");
    expect(started()).toBe(3);
    const again = await new ProviderChooser(options).choose("voxtral", load("voxtral"), { signal });
    expect(again.rows).toEqual(rows);
    expect(started()).toBe(3);
  });

  test("a crash is a result, and so is a computation that is wrong", async () => {
    const { chooser } = setUp({ webgpu: { type: "wrong" }, cuda: { type: "crash" } });
    const { load: settled, rows } = await chooser.choose("kokoro", load("kokoro"), { signal });
    expect(settled.graphProviders).toEqual({ model: "cpu" });
    expect(rowOf(rows, "cuda").reason).toMatch(/^It took its process down \(SIGSEGV\)\.$/);
    expect(rowOf(rows, "cuda").fix).toMatch(/CUDA 12/);
    expect(rowOf(rows, "webgpu").reason).toMatch(/^It computes wrong numbers: those of model are \d+ %/);
    expect(rowOf(rows, "dml")).toMatchObject({ reason: "DirectML exists on Windows only.", fix: null });
    expect(rowOf(rows, "tensorrt").reason).toMatch(/only runs when you choose it/);
  });

  test("a hang ends with its time", async () => {
    const { spawn } = setUp({ webgpu: { type: "hang" } });
    const params = { kind: "kokoro", load: load("kokoro"), provider: "webgpu" } as const;
    const { outcome } = await probe(params, { spawn, clock: systemClock, signal, budgetMs: 2_000 });
    expect(outcome).toMatchObject({ verdict: "hung", reason: "It did not finish within 2 s." });
  });

  test("a trial ends when nobody wants its result any more", async () => {
    const { chooser } = setUp({ webgpu: { type: "hang" } });
    const leaving = new AbortController();
    const choice = chooser.choose("kokoro", load("kokoro"), { signal: leaving.signal });
    leaving.abort();
    expect(isCancelled(await choice.catch((error: unknown) => error))).toBe(true);
  });

  test("what onnxruntime itself refuses is told in its words, without its source paths", async () => {
    // None of the platforms Parley runs on has both.
    const provider = process.platform === "win32" ? "coreml" : "dml";
    const params = { kind: "kokoro", load: load("kokoro"), provider } as const;
    const spawn = () => forkModel("probe");
    const { outcome } = await probe(params, { spawn, clock: systemClock, signal });
    expect(outcome.verdict).toBe("refused");
    expect(outcome.reason).toContain(provider);
    expect(outcome.reason).not.toContain("onnxruntime_src");
  });
});

describe("R21 what needs no trial", () => {
  test("small graphs stay on the CPU", async () => {
    const { chooser, started } = setUp({}, 64 * 1024 * 1024);
    const { load: settled, rows } = await chooser.choose("voxtral", load("voxtral"), { signal });
    expect(settled.graphProviders).toEqual({ audio_encoder: "cpu", decoder_model_merged: "cpu" });
    expect(rowOf(rows, "webgpu").reason).toMatch(/so small/);
    expect(started()).toBe(0);
  });

  test("a provider asked for by name, on a small model, and the next one once it was lost", async () => {
    const { chooser, started } = setUp({}, 64 * 1024 * 1024);
    const wish = load("kokoro", "webgpu");
    expect((await chooser.choose("kokoro", wish, { signal })).load.graphProviders).toEqual({
      model: "webgpu",
    });
    const lost = new Map([["webgpu", "The graphics device failed."]] as const);
    const { load: settled, rows } = await chooser.choose("kokoro", wish, { lost, signal });
    expect(settled.graphProviders).toEqual({ model: "cpu" });
    expect(rowOf(rows, "webgpu")).toMatchObject({
      reason: "It failed while it was running: The graphics device failed.",
      fix: "Restart the models to use it again.",
    });
    expect(started()).toBe(0);
  });
});

test("R21 a provider asked for by name that does not work is refused with its reason", async () => {
  const { chooser } = setUp({ cuda: { type: "crash" } });
  await expect(chooser.choose("kokoro", load("kokoro", "cuda"), { signal })).rejects.toMatchObject({
    code: "provider-unavailable",
    message:
      'CUDA cannot run kokoro: It took its process down (SIGSEGV). Choose another provider, or "auto".',
  });
});
