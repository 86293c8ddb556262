/// <reference lib="esnext.float16" />
import { Tensor } from "onnxruntime-node";
import { AppError } from "../../../shared/errors.ts";

/** Element types that graphs use for activations and caches. */
export type FloatType = "float32" | "float16";
export type FloatArray = Float32Array | Float16Array;

export function isFloatType(type: string | undefined): type is FloatType {
  return type === "float32" || type === "float16";
}

export function newFloats(type: FloatType, length: number): FloatArray {
  return type === "float32" ? new Float32Array(length) : new Float16Array(length);
}

/** The values of a tensor that lies in memory. Throws AppError unsupported for other element types. */
export function floatsOf(tensor: Tensor): FloatArray {
  const { data } = tensor;
  if (data instanceof Float32Array || data instanceof Float16Array) return data;
  throw new AppError(
    "unsupported",
    `This model uses ${tensor.type} where Parley knows only float32 and float16.`,
  );
}

/** Values as float32: the same array when it is one already, a converted copy otherwise. */
export function toFloat32(values: FloatArray): Float32Array {
  return values instanceof Float32Array ? values : new Float32Array(values);
}

export function floatTensor(values: FloatArray, dims: readonly number[]): Tensor {
  if (values instanceof Float32Array) return new Tensor("float32", values, dims);
  // onnxruntime-common 1.30 types float16 as the bits and makes a Float16Array over the same memory.
  return new Tensor("float16", new Uint16Array(values.buffer, values.byteOffset, values.length), dims);
}
