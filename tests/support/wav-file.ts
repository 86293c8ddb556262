/** How a test's wav file is written; the defaults of a good one, and the ways recorders go wrong. */
export interface WavShape {
  readonly rateHz: number;
  /** 1 PCM, 3 float, 6 A-law, 7 µ-law, anything else for a refusal. */
  readonly code: number;
  readonly bits: number;
  readonly isExtensible?: boolean;
  /** A LIST chunk with this text goes before the data. */
  readonly listChunk?: string;
  /** Written instead of the real size of the data. */
  readonly dataSize?: number;
}

/** Encodes channels of samples in [-1, 1] as a wav file. */
export function wavFile(
  channels: readonly (readonly number[] | Float32Array)[],
  shape: WavShape,
): Uint8Array {
  const frames = channels[0]?.length ?? 0;
  const sampleBytes = Math.ceil(shape.bits / 8);
  const data = frames * channels.length * sampleBytes;
  const formatBytes = shape.isExtensible ? 40 : 16;
  const list = shape.listChunk ? 8 + shape.listChunk.length + (shape.listChunk.length % 2) : 0;
  const bytes = new Uint8Array(12 + 8 + formatBytes + list + 8 + data + (data % 2));
  const view = new DataView(bytes.buffer);
  const text = (at: number, value: string) => bytes.set(new TextEncoder().encode(value), at);

  text(0, "RIFF");
  view.setUint32(4, bytes.length - 8, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, formatBytes, true);
  view.setUint16(20, shape.isExtensible ? 0xfffe : shape.code, true);
  view.setUint16(22, channels.length, true);
  view.setUint32(24, shape.rateHz, true);
  view.setUint32(28, shape.rateHz * channels.length * sampleBytes, true);
  view.setUint16(32, channels.length * sampleBytes, true);
  view.setUint16(34, shape.bits, true);
  if (shape.isExtensible) view.setUint16(44, shape.code, true);
  let at = 20 + formatBytes;
  if (shape.listChunk) {
    text(at, "LIST");
    view.setUint32(at + 4, shape.listChunk.length, true);
    text(at + 8, shape.listChunk);
    at += list;
  }
  text(at, "data");
  view.setUint32(at + 4, shape.dataSize ?? data, true);
  at += 8;
  for (let frame = 0; frame < frames; frame++) {
    for (const channel of channels) {
      writeSample(view, at, channel[frame]!, shape);
      at += sampleBytes;
    }
  }
  return bytes;
}

function writeSample(view: DataView, at: number, value: number, { code, bits }: WavShape): void {
  const full = 2 ** (bits - 1);
  const integer = Math.max(-full, Math.min(full - 1, Math.round(value * full)));
  if (code === 3 && bits === 64) view.setFloat64(at, value, true);
  else if (code === 3) view.setFloat32(at, value, true);
  else if (bits === 8) view.setUint8(at, integer + 128);
  else if (bits === 16) view.setInt16(at, integer, true);
  else if (bits === 24) {
    view.setUint16(at, integer & 0xffff, true);
    view.setInt8(at + 2, integer >> 16);
  } else if (bits === 32) view.setInt32(at, integer, true);
}
