/// <reference lib="esnext.float16" />
import { readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { readModel, valueInfo, writeGraph, writeModel } from "../../src/main/models/onnx-model.ts";

const bytesOf = (writer: BinaryWriter, field: number): BinaryWriter =>
  writer.tag(field, WireType.LengthDelimited);

/** Copies a model, its larger weights now in two files beside it, as hubs keep models over 2 GB. */
export function writeWithExternalWeights(from: string, to: string): void {
  const model = readModel(readFileSync(from));
  const files: Uint8Array[][] = [[], []];
  const offsets = [0, 0];
  const initializers = [...model.initializers.values()].map((tensor, index) => {
    const file = index % 2;
    const raw = rawDataOf(tensor);
    if (!raw || raw.length < 1024) return tensor;
    const writer = new BinaryWriter().raw(withoutRawData(tensor));
    const location = `${basename(to)}_data${file === 0 ? "" : "_1"}`;
    for (const [key, text] of Object.entries({
      location,
      offset: `${offsets[file]}`,
      length: `${raw.length}`,
    })) {
      bytesOf(writer, 13).fork();
      bytesOf(bytesOf(writer, 1).string(key), 2).string(text).join();
    }
    files[file]!.push(raw);
    offsets[file]! += raw.length;
    return writer.tag(14, WireType.Varint).int32(1).finish();
  });
  const { header, nodes, inputs, outputs } = model;
  const body = writeGraph({
    nodes: nodes.map((node) => [node.bytes]),
    initializers,
    inputs: inputs.values(),
    outputs: outputs.values(),
  });
  writeFileSync(to, writeModel(header, body));
  writeFileSync(`${to}_data`, Buffer.concat(files[0]!));
  writeFileSync(`${to}_data_1`, Buffer.concat(files[1]!));
}

export interface ResidualNetwork {
  readonly type: "float32" | "float16";
  /** 4-bit weights in blocks of 32 (com.microsoft.MatMulNBits), as the hub's q4 and q4f16 have them. */
  readonly isQ4?: boolean;
  readonly rows: number;
  readonly width: number;
  readonly layers: number;
  /** Normalisation and residual addition as one node (com.microsoft.SkipSimplifiedLayerNormalization). */
  readonly isFused?: boolean;
}

/** x + product(norm(x)), `layers` times over: [rows × width], float32 at both ends. */
export function residualNetwork(network: ResidualNetwork): Uint8Array {
  const { type, rows, width, layers, isQ4 = false, isFused = false } = network;
  const nodes: Uint8Array[] = [newNode("Cast", ["x"], ["h.0"], { to: type === "float32" ? 1 : 10 })];
  const ones = Array.from({ length: width }, () => 1);
  const initializers: Uint8Array[] = [floats("ones", type, [width], ones)];
  let carried = "h.0";
  let normed = "n.0";
  nodes.push(newNode("SimplifiedLayerNormalization", ["h.0", "ones"], ["n.0"], { axis: -1 }));
  for (let layer = 0; layer < layers; layer++) {
    const weight = `w.${layer}`;
    if (isQ4) {
      const blocks = width / 32;
      const packed = Uint8Array.from({ length: width * blocks * 16 }, (_, i) => (i * 73 + layer * 29) % 256);
      const scales = Array.from({ length: width * blocks }, (_, i) => 0.01 + (i % 7) / 700);
      initializers.push(newTensor(weight, 2, [width, blocks, 16], packed));
      initializers.push(floats(`s.${layer}`, type, [width * blocks], scales));
      const attributes = { K: width, N: width, bits: 4, block_size: 32 };
      nodes.push(
        newNode("MatMulNBits", [normed, weight, `s.${layer}`], [`p.${layer}`], attributes, microsoft),
      );
    } else {
      const values = Array.from({ length: width * width }, (_, i) => Math.sin(i + layer) / width);
      initializers.push(floats(weight, type, [width, width], values));
      nodes.push(newNode("MatMul", [normed, weight], [`p.${layer}`]));
    }
    const next = layer + 1;
    if (isFused) {
      const outputs = [`n.${next}`, "", "", `h.${next}`];
      const inputs = [carried, `p.${layer}`, "ones"];
      nodes.push(newNode("SkipSimplifiedLayerNormalization", inputs, outputs, {}, microsoft));
    } else {
      nodes.push(newNode("Add", [carried, `p.${layer}`], [`h.${next}`]));
      nodes.push(newNode("SimplifiedLayerNormalization", [`h.${next}`, "ones"], [`n.${next}`], { axis: -1 }));
    }
    carried = `h.${next}`;
    normed = `n.${next}`;
  }
  nodes.push(newNode("Cast", [carried], ["y"], { to: 1 }));
  const shape = [rows, width];
  const body = writeGraph({
    nodes: nodes.map((node) => [node]),
    initializers,
    inputs: [valueInfo("x", { type: "float32", shape: ["rows", width] })],
    outputs: [valueInfo("y", { type: "float32", shape })],
  });
  const header = new BinaryWriter().tag(1, WireType.Varint).int32(8);
  for (const [domain, version] of [
    ["", 17],
    [microsoft, 1],
  ] as const) {
    bytesOf(header, 8).fork();
    bytesOf(header, 1).string(domain).tag(2, WireType.Varint).int32(version).join();
  }
  return writeModel(header.finish(), body);
}

const microsoft = "com.microsoft";

function newNode(
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Readonly<Record<string, number>> = {},
  domain = "",
): Uint8Array {
  const writer = new BinaryWriter();
  for (const name of inputs) bytesOf(writer, 1).string(name);
  for (const name of outputs) bytesOf(writer, 2).string(name);
  bytesOf(writer, 4).string(op);
  for (const [name, number] of Object.entries(attributes)) {
    bytesOf(writer, 5).fork();
    bytesOf(writer, 1).string(name);
    writer.tag(3, WireType.Varint).int64(number).tag(20, WireType.Varint).int32(2).join();
  }
  return bytesOf(writer, 7).string(domain).finish();
}

function floats(
  name: string,
  type: "float32" | "float16",
  dims: readonly number[],
  values: number[],
): Uint8Array {
  const array = type === "float32" ? Float32Array.from(values) : Float16Array.from(values);
  return newTensor(name, type === "float32" ? 1 : 10, dims, new Uint8Array(array.buffer));
}

function newTensor(name: string, dataType: number, dims: readonly number[], raw: Uint8Array): Uint8Array {
  const writer = new BinaryWriter();
  for (const dim of dims) writer.tag(1, WireType.Varint).int64(dim);
  writer.tag(2, WireType.Varint).int32(dataType);
  return bytesOf(bytesOf(writer, 8).string(name), 9).bytes(raw).finish();
}

const RAW_DATA = 9;

function rawDataOf(message: Uint8Array): Uint8Array | undefined {
  const reader = new BinaryReader(message);
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (field === RAW_DATA) return reader.bytes();
    reader.skip(wireType, field);
  }
  return undefined;
}

function withoutRawData(message: Uint8Array): Uint8Array {
  const reader = new BinaryReader(message);
  const kept = new BinaryWriter();
  while (reader.pos < reader.len) {
    const start = reader.pos;
    const [field, wireType] = reader.tag();
    reader.skip(wireType, field);
    if (field !== RAW_DATA) kept.raw(message.subarray(start, reader.pos));
  }
  return kept.finish();
}
