import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { newNode, type Chunks, type ModelNode } from "../onnx-model.ts";

/** An attribute to write: an integer, `{ float }`, or a list of integers. */
export type AttributeValue = number | { readonly float: number } | readonly number[];

export interface OperatorOptions {
  /** Whose operator it is; ONNX's own without. */
  readonly domain?: string;
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
  /** Sub-graphs (GraphProto) by attribute. */
  readonly branches?: Readonly<Record<string, Chunks>>;
}

/** onnx.AttributeProto: name = 1, f = 2, i = 3, ints = 8, type = 20 (FLOAT 1, INT 2, INTS 7); NodeProto: attribute = 5, domain = 7. */
const field = { name: 1, float: 2, integer: 3, integers: 8, type: 20, attribute: 5, domain: 7 } as const;

/** A new node. */
export function plainNode(
  op: string,
  inputs: readonly string[],
  outputs: string | readonly string[],
  { domain, attributes = {}, branches }: OperatorOptions = {},
): ModelNode {
  const names = typeof outputs === "string" ? [outputs] : outputs;
  const writer = new BinaryWriter();
  for (const part of newNode(op, inputs, names, branches)) writer.raw(part);
  if (domain !== undefined) writer.tag(field.domain, WireType.LengthDelimited).string(domain);
  for (const [name, value] of Object.entries(attributes)) writeAttribute(writer, name, value);
  return { op, inputs: inputs.filter(Boolean), captured: [], outputs: names, bytes: writer.finish() };
}

export function hasAttribute({ bytes }: ModelNode, name: string): boolean {
  return Buffer.from(bytes).includes(name, 0, "latin1");
}

/** A NodeProto with one attribute more. */
export function withAttribute(node: Uint8Array, name: string, value: AttributeValue): Uint8Array {
  const writer = new BinaryWriter().raw(node);
  writeAttribute(writer, name, value);
  return writer.finish();
}

function writeAttribute(writer: BinaryWriter, name: string, value: AttributeValue): void {
  writer.tag(field.attribute, WireType.LengthDelimited).fork();
  writer.tag(field.name, WireType.LengthDelimited).string(name);
  let type: number;
  if (typeof value === "number") {
    writer.tag(field.integer, WireType.Varint).int64(value);
    type = 2;
  } else if ("float" in value) {
    writer.tag(field.float, WireType.Bit32).float(value.float);
    type = 1;
  } else {
    for (const each of value) writer.tag(field.integers, WireType.Varint).int64(each);
    type = 7;
  }
  writer.tag(field.type, WireType.Varint).int32(type).join();
}

/** The attributes of a node that are one number; NaN for those that are something else. */
export function numbersOf({ bytes }: ModelNode): ReadonlyMap<string, number> {
  const numbers = new Map<string, number>();
  for (const attribute of messages(bytes, field.attribute)) {
    const reader = new BinaryReader(attribute);
    let name = "";
    let value = Number.NaN;
    while (reader.pos < reader.len) {
      const [number, wireType] = reader.tag();
      if (number === field.name) name = reader.string();
      else if (number === field.float && wireType === WireType.Bit32) value = reader.float();
      else if (number === field.integer && wireType === WireType.Varint) value = Number(reader.int64());
      else reader.skip(wireType, number);
    }
    numbers.set(name, value);
  }
  return numbers;
}

/** onnx.TensorProto.DataType of a ValueInfoProto { type = 2: { tensor_type = 1: { elem_type = 1 } } }; 0 when it says none. */
export function elementTypeOf(valueInfo: Uint8Array): number {
  const [type] = messages(valueInfo, 2);
  const [tensor] = type ? messages(type, 1) : [];
  if (!tensor) return 0;
  const reader = new BinaryReader(tensor);
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag();
    if (number === 1 && wireType === WireType.Varint) return reader.int32();
    reader.skip(wireType, number);
  }
  return 0;
}

/** Length-delimited fields of a message with this number. */
function messages(bytes: Uint8Array, wanted: number): readonly Uint8Array[] {
  const reader = new BinaryReader(bytes);
  const found: Uint8Array[] = [];
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag();
    if (number === wanted && wireType === WireType.LengthDelimited) found.push(reader.bytes());
    else reader.skip(wireType, number);
  }
  return found;
}
