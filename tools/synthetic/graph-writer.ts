/// <reference lib="esnext.float16" />
import { closeSync, openSync, writeFileSync, writeSync } from "node:fs";
import { basename } from "node:path";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { FloatType } from "../../src/main/models/voxtral/floats.ts";
import { RandomBits, fillFloats } from "./random.ts";

/** onnx.TensorProto.DataType */
export const types = { float32: 1, uint8: 2, int32: 6, int64: 7, float16: 10, uint4: 21, int4: 22 } as const;
export type TypeName = keyof typeof types;

const bitsOf: Readonly<Record<TypeName, number>> = {
  float32: 32,
  uint8: 8,
  int32: 32,
  int64: 64,
  float16: 16,
  uint4: 4,
  int4: 4,
};

export type Attribute = number | string | readonly number[] | { readonly float: number };

/** Tensors this small lie in the graph's own file, as exporters do it. */
const INLINE_BYTES = 1024;
/** Written at a time. */
const CHUNK_BYTES = 4 * 2 ** 20;

/** Where weights go: the files `<graph>_data`, `<graph>_data_1` … beside the graph, or into the graph when null. */
export type Shard = number | null;

/** Makes one ONNX file, node by node; weights go straight to disk, so that no model has to fit in memory. */
export class GraphWriter {
  readonly path: string;
  /** Type of its activations, and of all weights that are not 4-bit. */
  readonly floatType: FloatType;
  readonly #seed: string;
  readonly #nodes: Uint8Array[] = [];
  readonly #initializers: Uint8Array[] = [];
  readonly #inputs: Uint8Array[] = [];
  readonly #outputs: Uint8Array[] = [];
  readonly #shards = new Map<number, { readonly file: number; bytes: number }>();
  #names = 0;

  constructor(path: string, seed: string, floatType: FloatType = "float32") {
    this.path = path;
    this.floatType = floatType;
    this.#seed = `${seed} ${basename(path)}`;
  }

  /** A float32 tensor in the type that the graph computes in. */
  fromFloat32(name: string): string {
    return this.floatType === "float32" ? name : this.node("Cast", [name], { to: types.float16 });
  }

  /** The float32 output `output`, from a tensor of the type that the graph computes in. */
  toFloat32(name: string, output: string): void {
    if (this.floatType === "float32") this.node("Identity", [name], {}, [output]);
    else this.node("Cast", [name], { to: types.float32 }, [output]);
  }

  /** A graph input; dynamic dimensions are names. */
  input(name: string, type: TypeName, dims: readonly (number | string)[]): string {
    this.#inputs.push(valueBytes(name, type, dims));
    return name;
  }

  output(name: string, type: TypeName, dims: readonly (number | string)[]): void {
    this.#outputs.push(valueBytes(name, type, dims));
  }

  /** A node of `op`, "domain:Op" outside ONNX's own; returns the name of its first output. */
  node(
    op: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
    outputs: readonly string[] = [this.name(op)],
  ): string {
    const [type = "", domain = ""] = op.split(":").toReversed();
    const writer = new BinaryWriter();
    for (const name of inputs) writer.tag(1, WireType.LengthDelimited).string(name);
    for (const name of outputs) writer.tag(2, WireType.LengthDelimited).string(name);
    writer.tag(3, WireType.LengthDelimited).string(outputs[0]!);
    writer.tag(4, WireType.LengthDelimited).string(type);
    for (const [name, value] of Object.entries(attributes)) {
      writer.tag(5, WireType.LengthDelimited).bytes(attributeBytes(name, value));
    }
    if (domain !== "") writer.tag(7, WireType.LengthDelimited).string(domain);
    this.#nodes.push(writer.finish());
    return outputs[0]!;
  }

  /** A name that no other tensor of the graph has. */
  name(stem: string): string {
    return `${stem.replace(/^.*:/, "")}_${this.#names++}`;
  }

  integers(values: readonly number[], dims: readonly number[] = [values.length]): string {
    const name = this.name("const");
    this.#tensor(name, "int64", dims, null, [new Uint8Array(BigInt64Array.from(values, BigInt).buffer)]);
    return name;
  }

  scalar(value: number): string {
    const name = this.name("const");
    this.#tensor(name, this.floatType, [], null, [this.#floatBytes(Float32Array.of(value))]);
    return name;
  }

  /** Numbers that are known. */
  floats(name: string, dims: readonly number[], values: Float32Array, shard: Shard = 0): string {
    this.#tensor(name, this.floatType, dims, shard, [this.#floatBytes(values)]);
    return name;
  }

  /** The same number everywhere, for norms and scales. */
  filled(name: string, dims: readonly number[], value: (index: number) => number, shard: Shard = 0): string {
    const length = product(dims);
    return this.floats(
      name,
      dims,
      Float32Array.from({ length }, (_, index) => value(index)),
      shard,
    );
  }

  /** Random weights of mean 0. */
  randomFloats(name: string, dims: readonly number[], deviation: number, shard: Shard = 0): string {
    const bits = new RandomBits(`${this.#seed} ${name}`);
    const count = product(dims);
    const bytesOf = (values: Float32Array): Uint8Array => this.#floatBytes(values);
    function* parts(): Generator<Uint8Array> {
      for (let at = 0; at < count; at += CHUNK_BYTES / 4) {
        const part = new Float32Array(Math.min(CHUNK_BYTES / 4, count - at));
        fillFloats(bits, part, deviation);
        yield bytesOf(part);
      }
    }
    this.#tensor(name, this.floatType, dims, shard, parts());
    return name;
  }

  /** Random bits: two 4-bit weights in each byte. `dims` counts elements of `type`. */
  randomBits(
    name: string,
    type: "uint8" | "uint4" | "int4",
    dims: readonly number[],
    shard: Shard = 0,
  ): string {
    const bits = new RandomBits(`${this.#seed} ${name}`);
    const bytes = (product(dims) * bitsOf[type]) / 8;
    function* parts(): Generator<Uint8Array> {
      for (let at = 0; at < bytes; at += CHUNK_BYTES) {
        const length = Math.min(CHUNK_BYTES, bytes - at);
        const words = new Uint32Array(Math.ceil(length / 4));
        bits.write(words);
        yield new Uint8Array(words.buffer, 0, length);
      }
    }
    this.#tensor(name, type, dims, shard, parts());
    return name;
  }

  /** Writes the graph's own file and closes the others. Returns how many files of weights there are. */
  finish(): number {
    const writer = new BinaryWriter();
    writer.tag(1, WireType.Varint).int64(10);
    writer.tag(2, WireType.LengthDelimited).string("parley-synthetic");
    writer.tag(7, WireType.LengthDelimited).fork();
    for (const node of this.#nodes) writer.tag(1, WireType.LengthDelimited).bytes(node);
    writer.tag(2, WireType.LengthDelimited).string("main_graph");
    for (const tensor of this.#initializers) writer.tag(5, WireType.LengthDelimited).bytes(tensor);
    for (const value of this.#inputs) writer.tag(11, WireType.LengthDelimited).bytes(value);
    for (const value of this.#outputs) writer.tag(12, WireType.LengthDelimited).bytes(value);
    writer.join();
    for (const [domain, version] of [
      ["", 21],
      ["com.microsoft", 1],
    ] as const) {
      writer.tag(8, WireType.LengthDelimited).fork();
      if (domain !== "") writer.tag(1, WireType.LengthDelimited).string(domain);
      writer.tag(2, WireType.Varint).int64(version).join();
    }
    writeFileSync(this.path, writer.finish());
    for (const { file } of this.#shards.values()) closeSync(file);
    return this.#shards.size;
  }

  #floatBytes(values: Float32Array): Uint8Array {
    const typed = this.floatType === "float32" ? values : Float16Array.from(values);
    return new Uint8Array(typed.buffer, typed.byteOffset, typed.byteLength);
  }

  #tensor(
    name: string,
    type: TypeName,
    dims: readonly number[],
    shard: Shard,
    parts: Iterable<Uint8Array>,
  ): void {
    const writer = new BinaryWriter();
    for (const dim of dims) writer.tag(1, WireType.Varint).int64(dim);
    writer.tag(2, WireType.Varint).int32(types[type]);
    writer.tag(8, WireType.LengthDelimited).string(name);
    const bytes = Math.ceil((product(dims) * bitsOf[type]) / 8);
    if (shard === null || bytes <= INLINE_BYTES) {
      writer.tag(9, WireType.LengthDelimited).bytes(Buffer.concat([...parts]));
    } else {
      const location = this.#write(shard, parts);
      // StringStringEntryProto { key = 1, value = 2 }
      for (const [key, value] of Object.entries({ ...location, length: String(bytes) })) {
        writer.tag(13, WireType.LengthDelimited).fork();
        writer.tag(1, WireType.LengthDelimited).string(key).tag(2, WireType.LengthDelimited).string(value);
        writer.join();
      }
      writer.tag(14, WireType.Varint).int32(1);
    }
    this.#initializers.push(writer.finish());
  }

  #write(shard: number, parts: Iterable<Uint8Array>): { readonly location: string; readonly offset: string } {
    const path = `${this.path}_data${shard === 0 ? "" : `_${shard}`}`;
    const open = this.#shards.get(shard) ?? { file: openSync(path, "w"), bytes: 0 };
    this.#shards.set(shard, open);
    const offset = String(open.bytes);
    for (const part of parts) {
      for (let at = 0; at < part.length;) at += writeSync(open.file, part, at);
      open.bytes += part.length;
    }
    return { location: basename(path), offset };
  }
}

function product(dims: readonly number[]): number {
  return dims.reduce((all, dim) => all * dim, 1);
}

function attributeBytes(name: string, value: Attribute): Uint8Array {
  const writer = new BinaryWriter().tag(1, WireType.LengthDelimited).string(name);
  const type = (id: number): Uint8Array => writer.tag(20, WireType.Varint).int32(id).finish();
  if (typeof value === "number") return writer.tag(3, WireType.Varint).int64(value) && type(2);
  if (typeof value === "string") return writer.tag(4, WireType.LengthDelimited).string(value) && type(3);
  if ("float" in value) return writer.tag(2, WireType.Bit32).float(value.float) && type(1);
  for (const each of value) writer.tag(8, WireType.Varint).int64(each);
  return type(7);
}

function valueBytes(name: string, type: TypeName, dims: readonly (number | string)[]): Uint8Array {
  const writer = new BinaryWriter().tag(1, WireType.LengthDelimited).string(name);
  writer.tag(2, WireType.LengthDelimited).fork().tag(1, WireType.LengthDelimited).fork();
  writer.tag(1, WireType.Varint).int32(types[type]).tag(2, WireType.LengthDelimited).fork();
  for (const dim of dims) {
    writer.tag(1, WireType.LengthDelimited).fork();
    if (typeof dim === "number") writer.tag(1, WireType.Varint).int64(dim);
    else writer.tag(2, WireType.LengthDelimited).string(dim);
    writer.join();
  }
  return writer.join().join().join().finish();
}
