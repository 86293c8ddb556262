import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { residualNetwork } from "../../../tests/support/onnx-files.ts";
import { nanoDir } from "../../../tests/support/voxtral-golden.ts";
import { readModel } from "./onnx-model.ts";
import { evenGroups, SplitPlan } from "./onnx-split.ts";

const encoder = (suffix: string): Uint8Array => readFileSync(`${nanoDir}/onnx/audio_encoder${suffix}.onnx`);

describe("R42 where a graph is cut", () => {
  test.each([
    ["fp32", ""],
    ["q8", "_quantized"],
  ])("the %s encoder falls into convolutions, attention and feed-forward blocks", (_, suffix) => {
    const model = readModel(encoder(suffix));
    const plan = new SplitPlan(model);
    // Two convolutions, four layers of two blocks, two layers of the projector.
    expect(plan.unitCount).toBe(12);
    const pieces = Array.from({ length: 12 }, (__, unit) => plan.piece(unit, unit + 1));
    for (const [unit, piece] of pieces.entries()) {
      expect(piece.inputs).toEqual(unit === 0 ? ["audio_values"] : pieces[unit - 1]!.outputs);
      expect(piece.outputs).toHaveLength(1);
    }
    expect(pieces.at(-1)!.outputs).toEqual(["audio_features"]);
  });

  test("each weight goes to one piece, and all nodes but constants do", () => {
    const model = readModel(encoder(""));
    const plan = new SplitPlan(model);
    const pieces = Array.from({ length: plan.unitCount }, (_, unit) => plan.piece(unit, unit + 1));
    const weights = pieces.flatMap((piece) => piece.initializers);
    expect(new Set(weights).size).toBe(weights.length);
    expect(weights).toHaveLength(model.initializers.size);
    const nodes = pieces.flatMap((piece) => piece.nodes).filter(({ op }) => op !== "Constant");
    expect(nodes).toEqual(model.nodes.filter(({ op }) => op !== "Constant"));
  });

  test("two tensors are live where normalisation is fused with the residual addition", () => {
    const network = { type: "float32", rows: 8, width: 64, layers: 6 } as const;
    const plain = new SplitPlan(readModel(residualNetwork(network)));
    expect(plain.unitCount).toBe(6);
    const fused = new SplitPlan(readModel(residualNetwork({ ...network, isFused: true })));
    expect(fused.unitCount).toBe(6);
    expect(fused.piece(2, 3).inputs.toSorted()).toEqual(fused.piece(1, 2).outputs.toSorted());
    expect(fused.piece(2, 3).inputs).toHaveLength(2);
  });

  test("what is not a model is not read", () => {
    expect(() => readModel(Uint8Array.of(0x3a, 0xff, 0x01))).toThrow();
  });
});

test("R42 costs are divided into as even groups as any other division gives", () => {
  const costs = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 7 });
  fc.assert(
    fc.property(costs, fc.integer({ min: 1, max: 4 }), (list, wanted) => {
      const count = Math.min(wanted, list.length);
      const bounds = evenGroups(list, count);
      expect(bounds).toHaveLength(count + 1);
      expect([bounds[0], bounds.at(-1)]).toEqual([0, list.length]);
      const all = divisions(list.length, count);
      expect(unevenness(list, bounds)).toBe(Math.min(...all.map((other) => unevenness(list, other))));
    }),
  );
});

function unevenness(costs: readonly number[], bounds: readonly number[]): number {
  const groups = bounds.slice(1).map((end, index) => costs.slice(bounds[index], end));
  return groups.reduce((total, group) => total + group.reduce((a, b) => a + b, 0) ** 2, 0);
}

/** Every way to divide `length` things into `count` consecutive groups of at least one. */
function divisions(length: number, count: number): readonly (readonly number[])[] {
  if (count === 1) return [[0, length]];
  const lasts = Array.from({ length: length - count + 1 }, (_, index) => count - 1 + index);
  return lasts.flatMap((last) => divisions(last, count - 1).map((bounds) => bounds.concat(length)));
}
