import { describe, expect, test } from "vitest";
import { readModel, type OnnxModel } from "../onnx-model.ts";
import { onnxModel, type GraphNode } from "../voxtral/onnx-bytes.ts";
import { withLastLogits } from "./last-logits.ts";
import { withNewRows } from "./new-rows.ts";
import { modelBytes, withIntegerActivations } from "./tuned-decoder.ts";

const cacheDims = ["batch", 2, "past", 4] as const;
const attention: GraphNode = {
  op: "GroupQueryAttention",
  inputs: ["inputs_embeds", "past_key_values.0.key", "past_key_values.0.value", "attention_mask"],
  outputs: ["hidden", "present.0.key", "present.0.value"],
};
const head: GraphNode = { op: "MatMulNBits", inputs: ["hidden", "weights"], outputs: ["logits"] };

/** A decoder's graph as far as tuning looks at it; nothing runs it. */
function decoder(nodes: readonly GraphNode[], extraInputs: readonly string[] = []): OnnxModel {
  const parts = ["key", "value"];
  return readModel(
    onnxModel({
      inputs: [
        { name: "inputs_embeds", type: "float32", dims: ["batch", "positions", 8] },
        { name: "attention_mask", type: "int64", dims: ["batch", "total"] },
        ...extraInputs.map((name) => ({ name, type: "int64" as const, dims: [] })),
        ...parts.map((part) => ({
          name: `past_key_values.0.${part}`,
          type: "float32" as const,
          dims: cacheDims,
        })),
      ],
      outputs: [
        { name: "logits", type: "float32", dims: ["batch", "positions", 16] },
        ...parts.map((part) => ({ name: `present.0.${part}`, type: "float32" as const, dims: cacheDims })),
      ],
      nodes,
      initializers: [{ name: "weights", type: "float32", dims: [1], data: Float32Array.of(1) }],
    }),
  );
}
const opsOf = (model: OnnxModel): readonly string[] => readModel(modelBytes(model)).nodes.map(({ op }) => op);

describe("R45 tuning a decoder's graph", () => {
  test("gathers the last position right before the product that makes the scores, also behind a Cast", () => {
    expect(opsOf(withLastLogits(decoder([attention, head])))).toEqual([
      "GroupQueryAttention",
      "Gather",
      "MatMulNBits",
    ]);
    const cast: GraphNode = { op: "Cast", inputs: ["scores"], outputs: ["logits"], attributes: { to: 1 } };
    const behind = withLastLogits(decoder([attention, { ...head, outputs: ["scores"] }, cast]));
    expect(opsOf(behind)).toEqual(["GroupQueryAttention", "Gather", "MatMulNBits", "Cast"]);
    expect(behind.nodes[2]!.inputs[0]).toBe(behind.nodes[1]!.outputs[0]);
  });

  test("computes nothing behind the last attention for other positions, and brings what the residual needs", () => {
    const norm: GraphNode = {
      op: "SimplifiedLayerNormalization",
      inputs: ["inputs_embeds"],
      outputs: ["first"],
    };
    const skip = "SkipSimplifiedLayerNormalization";
    const joined: GraphNode = { op: skip, inputs: ["hidden", "inputs_embeds"], outputs: ["normed"] };
    const model = decoder([norm, attention, joined, { ...head, inputs: ["normed", "weights"] }]);
    const { nodes } = withLastLogits(model);
    expect(nodes.map(({ op }) => op)).toEqual([norm.op, attention.op, "Gather", "Gather", skip, head.op]);
    expect(nodes[2]!.inputs[0]).toBe("hidden");
    expect(nodes[3]!.inputs[0]).toBe("inputs_embeds");
    expect(nodes[4]!.inputs).toEqual([...nodes[2]!.outputs, ...nodes[3]!.outputs]);
    expect(nodes[5]!.inputs[0]).toBe("normed");
  });

  test("shortens only the product where something behind the attention may mix positions", () => {
    const mixing: GraphNode = { op: "CumSum", inputs: ["hidden", "weights"], outputs: ["mixed"] };
    const model = decoder([attention, mixing, { ...head, inputs: ["mixed", "weights"] }]);
    expect(opsOf(withLastLogits(model))).toEqual([attention.op, "CumSum", "Gather", head.op]);
  });

  test("leaves scores alone that can be asked for one by one, or come from elsewhere than a product", () => {
    const asked = decoder([attention, head], ["num_logits_to_keep"]);
    expect(withLastLogits(asked)).toBe(asked);
    const other = decoder([attention, { ...head, op: "Softmax" }]);
    expect(withLastLogits(other)).toBe(other);
  });

  test("slices what the attention adds to each cache, and keeps the names of inputs and outputs", () => {
    const model = decoder([attention, head]);
    const tuned = withNewRows(model);
    expect(opsOf(tuned).filter((op) => op === "Slice")).toHaveLength(2);
    const reread = readModel(modelBytes(tuned));
    expect([...reread.inputs.keys()]).toEqual([...model.inputs.keys()]);
    expect([...reread.outputs.keys()]).toEqual([...model.outputs.keys()]);
  });

  test("leaves caches alone that another operator keeps: it may not take room behind what is cached", () => {
    const joined = ["key", "value"].map((part) => ({
      op: "Concat",
      inputs: [`past_key_values.0.${part}`, "inputs_embeds"],
      outputs: [`present.0.${part}`],
    }));
    const model = decoder([...joined, { ...head, inputs: ["present.0.key", "weights"] }]);
    expect(withNewRows(model)).toBe(model);
  });

  test("does not overrule an accuracy_level that the file names", () => {
    const named = decoder([attention, { ...head, attributes: { accuracy_level: 1 } }]);
    const bytesOf = (model: OnnxModel): Uint8Array => model.nodes[1]!.bytes;
    expect(bytesOf(withIntegerActivations(named))).toEqual(bytesOf(named));
    const silent = decoder([attention, head]);
    expect(bytesOf(withIntegerActivations(silent)).length).toBeGreaterThan(bytesOf(silent).length);
  });
});
