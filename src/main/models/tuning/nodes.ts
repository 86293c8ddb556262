import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { newNode, newTensor, type ModelNode } from "../onnx-model.ts";

/** A TensorProto: a list of one int64. */
export function listOf(name: string, value: bigint): Uint8Array {
  // TensorProto.dims, where newTensor makes a single number.
  const dims = new BinaryWriter().tag(1, WireType.Varint).int64(1).finish();
  return Buffer.concat([dims, newTensor(name, "int64", value)]);
}

/** A node of ONNX's own operators, without attributes. */
export function plainNode(op: string, inputs: readonly string[], output: string): ModelNode {
  return { op, inputs, captured: [], outputs: [output], bytes: Buffer.concat(newNode(op, inputs, [output])) };
}

export function hasAttribute({ bytes }: ModelNode, name: string): boolean {
  return Buffer.from(bytes).includes(name, 0, "latin1");
}

/** A NodeProto with one integer attribute more (AttributeProto { name = 1, i = 3, type = 20: INT = 2 }). */
export function withInteger(node: Uint8Array, name: string, value: number): Uint8Array {
  const writer = new BinaryWriter().raw(node).tag(5, WireType.LengthDelimited).fork();
  writer.tag(1, WireType.LengthDelimited).string(name).tag(3, WireType.Varint).int64(value);
  return writer.tag(20, WireType.Varint).int32(2).join().finish();
}
