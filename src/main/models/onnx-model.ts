import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { TensorInfo } from "./onnx-session.ts";

/**
 * An ONNX file read only as far as taking it apart needs; everything else stays the bytes that it was. Field numbers:
 * onnx/onnx.proto (IR 3 to 12).
 */
export interface OnnxModel {
  /** All of the file but the graph: versions, operator sets, local functions. */
  readonly header: Uint8Array;
  /** In the file's order, which ONNX requires to be an order of execution. */
  readonly nodes: readonly ModelNode[];
  /** TensorProto messages by name: weights, or where they lie in a file beside this one. */
  readonly initializers: ReadonlyMap<string, Uint8Array>;
  /** ValueInfoProto messages by name, without those that only repeat an initializer. */
  readonly inputs: ReadonlyMap<string, Uint8Array>;
  readonly outputs: ReadonlyMap<string, Uint8Array>;
  readonly hasSparseWeights: boolean;
}

export interface ModelNode {
  readonly op: string;
  /** What it reads; missing optional inputs left out. */
  readonly inputs: readonly string[];
  /** What its sub-graphs (If, Loop, Scan) may read from outside. */
  readonly captured: readonly string[];
  readonly outputs: readonly string[];
  /** The NodeProto message. */
  readonly bytes: Uint8Array;
}

const model = { graph: 7 } as const;
const graph = { node: 1, name: 2, initializer: 5, input: 11, output: 12, sparseInitializer: 15 } as const;
const node = { input: 1, output: 2, op: 4, attribute: 5 } as const;
const attribute = { name: 1, graph: 6, graphs: 11, type: 20 } as const;
const tensor = { dims: 1, dataType: 2, name: 8, rawData: 9, dataLocation: 14 } as const;
/** onnx.TensorProto.DataLocation.EXTERNAL */
const EXTERNAL = 1;
/** onnx.AttributeProto.AttributeType.GRAPH */
const GRAPH_ATTRIBUTE = 5;
const valueInfoField = { name: 1, type: 2 } as const;

/** onnx.TensorProto.DataType of the tensors that onnxruntime-node knows. */
const dataTypes: Readonly<Partial<Record<TensorInfo["type"], number>>> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
  uint64: 13,
};

/** Reads a model; the result shares memory with `bytes`. Throws an Error when they are not protobuf. */
export function readModel(bytes: Uint8Array): OnnxModel {
  const header = new BinaryWriter();
  let body: Uint8Array = nothing;
  for (const field of fields(bytes)) {
    if (field.number === model.graph) body = field.content;
    else header.raw(field.raw);
  }
  const nodes: ModelNode[] = [];
  const initializers = new Map<string, Uint8Array>();
  const inputs = new Map<string, Uint8Array>();
  const outputs = new Map<string, Uint8Array>();
  let hasSparseWeights = false;
  for (const { number, content } of fields(body)) {
    if (number === graph.node) nodes.push(readNode(content));
    if (number === graph.initializer) initializers.set(textField(content, tensor.name), content);
    if (number === graph.input) inputs.set(textField(content, valueInfoField.name), content);
    if (number === graph.output) outputs.set(textField(content, valueInfoField.name), content);
    if (number === graph.sparseInitializer) hasSparseWeights = true;
  }
  for (const name of initializers.keys()) inputs.delete(name);
  return { header: header.finish(), nodes, initializers, inputs, outputs, hasSparseWeights };
}

/** A message in parts, so that weights within messages within messages are copied once, into the finished file. */
export type Chunks = readonly Uint8Array[];

export interface GraphParts {
  readonly nodes: Iterable<Chunks>;
  readonly initializers: Iterable<Uint8Array>;
  readonly inputs: Iterable<Uint8Array>;
  readonly outputs: Iterable<Uint8Array>;
}

/** A GraphProto of the messages given. */
export function writeGraph({ nodes, initializers, inputs, outputs }: GraphParts): Chunks {
  const chunks: Uint8Array[] = [];
  const put = (number: number, messages: Iterable<Uint8Array>): void => {
    for (const message of messages) chunks.push(...delimited(number, [message]));
  };
  for (const message of nodes) chunks.push(...delimited(graph.node, message));
  chunks.push(new BinaryWriter().tag(graph.name, WireType.LengthDelimited).string("parley").finish());
  put(graph.initializer, initializers);
  put(graph.input, inputs);
  put(graph.output, outputs);
  return chunks;
}

/** A model file: `header` as `readModel` gives it, and a GraphProto. */
export function writeModel(header: Uint8Array, body: Chunks): Uint8Array {
  return Buffer.concat([header, ...delimited(model.graph, body)]);
}

/** A NodeProto; `branches` are its GraphProto attributes. */
export function newNode(
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  branches: Readonly<Record<string, Chunks>> = {},
): Chunks {
  const writer = new BinaryWriter();
  for (const name of inputs) writer.tag(node.input, WireType.LengthDelimited).string(name);
  for (const name of outputs) writer.tag(node.output, WireType.LengthDelimited).string(name);
  writer.tag(node.op, WireType.LengthDelimited).string(op);
  const attributes = Object.entries(branches).flatMap(([name, branch]) => {
    const rest = new BinaryWriter().tag(attribute.name, WireType.LengthDelimited).string(name);
    rest.tag(attribute.type, WireType.Varint).int32(GRAPH_ATTRIBUTE);
    return delimited(node.attribute, [...delimited(attribute.graph, branch), rest.finish()]);
  });
  return [writer.finish(), ...attributes];
}

function delimited(number: number, message: Chunks): Chunks {
  const length = message.reduce((sum, chunk) => sum + chunk.length, 0);
  return [new BinaryWriter().tag(number, WireType.LengthDelimited).uint32(length).finish(), ...message];
}

/** The node reading from other tensors where `names` says so. */
export function withInputs({ bytes }: ModelNode, names: ReadonlyMap<string, string>): Uint8Array {
  return renamed(bytes, node.input, names);
}

/** The node writing to other tensors where `names` says so. */
export function withOutputs({ bytes }: ModelNode, names: ReadonlyMap<string, string>): Uint8Array {
  return renamed(bytes, node.output, names);
}

function renamed(bytes: Uint8Array, wanted: number, names: ReadonlyMap<string, string>): Uint8Array {
  const writer = new BinaryWriter();
  for (const { number, raw, content } of fields(bytes)) {
    const name = number === wanted ? names.get(text(content)) : undefined;
    if (name === undefined) writer.raw(raw);
    else writer.tag(wanted, WireType.LengthDelimited).string(name);
  }
  return writer.finish();
}

/** A TensorProto of one int64 without dimensions, or of no elements at all. */
export function newTensor(name: string, type: TensorInfo["type"], value?: bigint): Uint8Array {
  const writer = new BinaryWriter();
  if (value === undefined) writer.tag(tensor.dims, WireType.Varint).int64(0);
  writer.tag(tensor.dataType, WireType.Varint).int32(dataTypeOf(name, type));
  writer.tag(tensor.name, WireType.LengthDelimited).string(name);
  const data = value === undefined ? nothing : new Uint8Array(BigInt64Array.of(value).buffer);
  return writer.tag(tensor.rawData, WireType.LengthDelimited).bytes(data).finish();
}

/** A ValueInfoProto. Without `info` only the name, whose type onnxruntime then infers (outputs only). */
export function valueInfo(name: string, info?: Pick<TensorInfo, "type" | "shape">): Uint8Array {
  const writer = new BinaryWriter().tag(valueInfoField.name, WireType.LengthDelimited).string(name);
  if (!info) return writer.finish();
  return typedValue(writer, dataTypeOf(name, info.type), info.shape);
}

/** Whether the numbers of an initializer lie in a file beside the model. */
export function isExternal(initializer: Uint8Array): boolean {
  return fields(initializer).some(
    ({ number, integer }) => number === tensor.dataLocation && integer === EXTERNAL,
  );
}

/** A ValueInfoProto that says of an initializer what it is: type and size, not its numbers. */
export function weightInfo(name: string, initializer: Uint8Array): Uint8Array {
  const dims: number[] = [];
  let dataType = 0;
  for (const { number, integer, content } of fields(initializer)) {
    if (number === tensor.dims) dims.push(...(integer === undefined ? varints(content) : [integer]));
    if (number === tensor.dataType) dataType = integer ?? 0;
  }
  const writer = new BinaryWriter().tag(valueInfoField.name, WireType.LengthDelimited).string(name);
  return typedValue(writer, dataType, dims);
}

function dataTypeOf(name: string, type: TensorInfo["type"]): number {
  const dataType = dataTypes[type];
  if (dataType === undefined) throw new Error(`${name} has the type ${type}, which no graph can take in`);
  return dataType;
}

function typedValue(writer: BinaryWriter, dataType: number, shape: TensorInfo["shape"]): Uint8Array {
  // TypeProto { tensor_type = 1: Tensor { elem_type = 1, shape = 2: { dim = 1: { dim_value = 1 | dim_param = 2 } } } }
  writer.tag(valueInfoField.type, WireType.LengthDelimited).fork();
  writer.tag(1, WireType.LengthDelimited).fork();
  writer.tag(1, WireType.Varint).int32(dataType);
  writer.tag(2, WireType.LengthDelimited).fork();
  for (const dim of shape) {
    writer.tag(1, WireType.LengthDelimited).fork();
    if (typeof dim === "number") writer.tag(1, WireType.Varint).int64(dim);
    else if (dim !== "") writer.tag(2, WireType.LengthDelimited).string(dim);
    writer.join();
  }
  return writer.join().join().join().finish();
}

function readNode(bytes: Uint8Array): ModelNode {
  let op = "";
  const inputs: string[] = [];
  const outputs: string[] = [];
  const captured: string[] = [];
  for (const { number, content } of fields(bytes)) {
    if (number === node.input) inputs.push(text(content));
    if (number === node.output) outputs.push(text(content));
    if (number === node.op) op = text(content);
    if (number === node.attribute) captured.push(...namesInside(content));
  }
  return { op, inputs: inputs.filter(Boolean), captured, outputs: outputs.filter(Boolean), bytes };
}

/** Names that an attribute's sub-graphs read. Their own tensors are among them: names are unique in a whole model. */
function namesInside(bytes: Uint8Array): readonly string[] {
  const names: string[] = [];
  for (const { number, content } of fields(bytes)) {
    if (number !== attribute.graph && number !== attribute.graphs) continue;
    for (const part of fields(content)) {
      if (part.number === graph.node) {
        const inner = readNode(part.content);
        names.push(...inner.inputs, ...inner.captured);
      }
      if (part.number === graph.output) names.push(textField(part.content, valueInfoField.name));
    }
  }
  return names;
}

interface Field {
  readonly number: number;
  /** Tag and content. */
  readonly raw: Uint8Array;
  /** Of a length-delimited field; else empty. */
  readonly content: Uint8Array;
  /** Of a varint field. */
  readonly integer?: number;
}

function* fields(bytes: Uint8Array): Generator<Field> {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const start = reader.pos;
    const [number, wireType] = reader.tag();
    if (wireType === WireType.LengthDelimited) {
      const content = reader.bytes();
      yield { number, raw: bytes.subarray(start, reader.pos), content };
    } else if (wireType === WireType.Varint) {
      const integer = Number(reader.int64());
      yield { number, raw: bytes.subarray(start, reader.pos), content: nothing, integer };
    } else {
      reader.skip(wireType, number);
      yield { number, raw: bytes.subarray(start, reader.pos), content: nothing };
    }
  }
}

const nothing = new Uint8Array();

function varints(packed: Uint8Array): readonly number[] {
  const reader = new BinaryReader(packed);
  const values: number[] = [];
  while (reader.pos < reader.len) values.push(Number(reader.int64()));
  return values;
}

function textField(message: Uint8Array, number: number): string {
  const field = fields(message).find((candidate) => candidate.number === number);
  return field ? text(field.content) : "";
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
