import { Decoder, Encoder, ExtData, ExtensionCodec } from "@msgpack/msgpack";

/**
 * Messages as bytes: MessagePack, with an extension type for each kind of typed array, so that audio crosses without
 * base64. Typed arrays travel in the machine's byte order: every system this runs on is little-endian.
 */

interface TypedArrayKind {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBuffer): ArrayBufferView;
}

/** Index in this list + 1 is the extension type: append only. Uint8Array is MessagePack's own binary. */
const kinds: readonly TypedArrayKind[] = [
  Float32Array,
  Int16Array,
  Int32Array,
  Uint16Array,
  Uint32Array,
  Int8Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
];

const extensionCodec = new ExtensionCodec();
for (const [index, Kind] of kinds.entries()) {
  extensionCodec.register({
    type: index + 1,
    encode: (value) =>
      value instanceof Kind ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength) : null,
    decode: (bytes) => {
      if (bytes.length % Kind.BYTES_PER_ELEMENT !== 0) throw new RangeError("a typed array of broken length");
      // A copy: the bytes lie anywhere in the frame, and elements must be aligned.
      return new Kind(bytes.slice().buffer);
    },
  });
}

/** MessagePack has no undefined, and a field that is missing is something else to a schema than one that is undefined. */
const undefinedType = 100;
const undefinedMark = new ExtData(undefinedType, new Uint8Array());
extensionCodec.register({ type: undefinedType, encode: () => null, decode: () => undefined });

// Integers as floats: a float that happens to be whole, and -0 with it, stays what it was.
const encoder = new Encoder({ extensionCodec, forceIntegerToFloat: true });

/**
 * Throws for what cannot be copied: functions, symbols, cycles. A field called `__proto__` is left out: no message has one,
 * and the other end would take the whole frame for an attack and hang up.
 */
export function encodeMessage(message: unknown): Uint8Array<ArrayBuffer> {
  return encoder.encode(markUndefined(message));
}

function markUndefined(value: unknown): unknown {
  if (value === undefined) return undefinedMark;
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
  if (Array.isArray(value)) return value.map(markUndefined);
  const fields = Object.entries(value).filter(([key]) => key !== "__proto__");
  return Object.fromEntries(fields.map(([key, field]) => [key, markUndefined(field)]));
}

export interface DecodeLimits {
  /** An array's head reserves memory for all it announces: what a stranger may announce has to be bounded. */
  readonly maxArrayLength: number;
}

/** Returns the function that reads one frame; it throws on anything malformed. */
export function createMessageDecoder({ maxArrayLength }: DecodeLimits): (bytes: Uint8Array) => unknown {
  const decoder = new Decoder({ extensionCodec, maxArrayLength });
  return (bytes) => decoder.decode(bytes);
}
