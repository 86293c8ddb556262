/**
 * Writes the few ONNX messages that Parley makes itself, straight as protobuf (field numbers: onnx/onnx.proto, IR 8,
 * opset 17). A protobuf library and the whole schema would be a dependency for fifty lines.
 */

/** onnx.TensorProto.DataType */
export const elementTypes = { float32: 1, int64: 7, float16: 10 } as const;
export type ElementType = keyof typeof elementTypes;

export interface ValueShape {
  readonly name: string;
  readonly type: ElementType;
  readonly dims: readonly (number | string)[];
}

export interface GraphNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Integer attributes. */
  readonly attributes?: Readonly<Record<string, number>>;
}

export interface OnnxGraph {
  readonly inputs: readonly ValueShape[];
  readonly outputs: readonly ValueShape[];
  readonly nodes: readonly GraphNode[];
  /** Constants. */
  readonly initializers?: readonly (ValueShape & { readonly data: Float32Array | BigInt64Array })[];
}

const IR_VERSION = 8;
const OPSET = 17;
const ATTRIBUTE_INT = 2;

/** A complete model file. */
export function onnxModel(graph: OnnxGraph): Uint8Array {
  const body = bytes(
    ...graph.nodes.map((node) => message(1, nodeBytes(node))),
    text(2, "parley"),
    ...(graph.initializers ?? []).map((tensor) => message(5, tensorBytes(tensor))),
    ...graph.inputs.map((value) => message(11, valueBytes(value))),
    ...graph.outputs.map((value) => message(12, valueBytes(value))),
  );
  return bytes(integer(1, IR_VERSION), message(7, body), message(8, integer(2, OPSET)));
}

function nodeBytes({ op, inputs, outputs, attributes = {} }: GraphNode): Uint8Array {
  return bytes(
    ...inputs.map((name) => text(1, name)),
    ...outputs.map((name) => text(2, name)),
    text(4, op),
    ...Object.entries(attributes).map(([name, value]) =>
      message(5, bytes(text(1, name), integer(3, value), integer(20, ATTRIBUTE_INT))),
    ),
  );
}

function valueBytes({ name, type, dims }: ValueShape): Uint8Array {
  const shape = bytes(
    ...dims.map((dim) => message(1, typeof dim === "number" ? integer(1, dim) : text(2, dim))),
  );
  const tensor = bytes(integer(1, elementTypes[type]), message(2, shape));
  return bytes(text(1, name), message(2, message(1, tensor)));
}

function tensorBytes(tensor: ValueShape & { readonly data: Float32Array | BigInt64Array }): Uint8Array {
  const { buffer, byteOffset, byteLength } = tensor.data;
  return bytes(
    ...tensor.dims.map((dim) => integer(1, Number(dim))),
    integer(2, elementTypes[tensor.type]),
    text(8, tensor.name),
    message(9, new Uint8Array(buffer, byteOffset, byteLength)),
  );
}

function integer(field: number, value: number): Uint8Array {
  return bytes(varint(field << 3), varint(value));
}

function text(field: number, value: string): Uint8Array {
  return message(field, new TextEncoder().encode(value));
}

/** A length-delimited field. */
function message(field: number, content: Uint8Array): Uint8Array {
  return bytes(varint((field << 3) | 2), varint(content.length), content);
}

function varint(value: number): Uint8Array {
  const out: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    out.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  return Uint8Array.of(...out, rest);
}

function bytes(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
