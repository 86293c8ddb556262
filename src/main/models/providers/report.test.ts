import { expect, test } from "vitest";
import type { Outcome } from "./outcome.ts";
import { fastest, slowerThan } from "./report.ts";

type Costs = readonly [encode: number, prefill: number, step: number];

const outcome = (provider: Outcome["provider"], [encode, prefill, step]: Costs): Outcome => ({
  provider,
  verdict: "works",
  reason: null,
  loadMs: 1,
  costs: { encoder: { prefillMs: null, stepMs: encode }, decoder: { prefillMs: prefill, stepMs: step } },
});
const graphs = ["encoder", "decoder"];
const cpu = outcome("cpu", [900, 400, 60]);

test("R21 each graph goes where a reply comes soonest", () => {
  // CUDA prefills faster, but carries its cache out at every step.
  const cuda = outcome("cuda", [40, 20, 80]);
  const webgpu = outcome("webgpu", [70, 50, 20]);
  expect(fastest(graphs, [webgpu, cuda, cpu])).toEqual({ encoder: "cuda", decoder: "webgpu" });
  expect(slowerThan(webgpu, cpu, "decoder")).toBe("It takes 3.5 times as long.");
  expect(slowerThan(cpu, cpu, "decoder")).toBe("It is no faster.");
});

test("R21 only what works counts, and the CPU is always there", () => {
  const wrong: Outcome = { ...outcome("webgpu", [1, 1, 1]), verdict: "wrong", reason: "Wrong." };
  expect(fastest(graphs, [wrong, cpu])).toEqual({ encoder: "cpu", decoder: "cpu" });
  expect(fastest(graphs, [])).toEqual({ encoder: "cpu", decoder: "cpu" });
});
