import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

/** onnx.TensorProto: dims = 1, data_type = 2, name = 8, raw_data = 9; DataType FLOAT = 1, INT64 = 7. */
const field = { dims: 1, dataType: 2, name: 8, rawData: 9 } as const;

/** A TensorProto of integers: a list, or one number without dimensions. */
export function integers(name: string, values: number | readonly number[]): Uint8Array {
  const data = BigInt64Array.from(typeof values === "number" ? [values] : values, BigInt);
  return tensor(name, 7, typeof values === "number" ? [] : [values.length], data);
}

/** A TensorProto of one float32 without dimensions. */
export function float(name: string, value: number): Uint8Array {
  return tensor(name, 1, [], Float32Array.of(value));
}

function tensor(
  name: string,
  dataType: number,
  dims: readonly number[],
  { buffer }: BigInt64Array<ArrayBuffer> | Float32Array<ArrayBuffer>,
): Uint8Array {
  const writer = new BinaryWriter();
  for (const dim of dims) writer.tag(field.dims, WireType.Varint).int64(dim);
  writer.tag(field.dataType, WireType.Varint).int32(dataType);
  writer.tag(field.name, WireType.LengthDelimited).string(name);
  return writer.tag(field.rawData, WireType.LengthDelimited).bytes(new Uint8Array(buffer)).finish();
}
