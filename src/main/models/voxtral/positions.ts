import { AppError } from "../../../shared/errors.ts";
import { systemClock } from "../../../shared/clock.ts";
import type { Span } from "../../../shared/metrics.ts";
import type { AudioMemory, WindowName } from "./audio-memory.ts";
import { throwIfAborted } from "./cancellation.ts";
import type { EncodedWindow } from "./encoder.ts";
import type { Embeddings } from "./embeddings.ts";
import type { Position } from "./kv-cache.ts";
import type { PromptItem } from "./prompt.ts";

/** Mel of one window → embeddings; throws `cancelled` between two pieces of the work when `signal` has aborted. */
export interface AudioEncoder {
  encode(mel: Float32Array, signal?: AbortSignal): Promise<EncodedWindow>;
}

/** Turns prompt items into positions, and positions into the decoder's input. */
export interface PositionSpace {
  /** Positions of one 30 s window. */
  readonly windowPositions: number;
  readonly audio: AudioMemory;
  readonly encoder: AudioEncoder;
  readonly embeddings: Embeddings;
}

export interface LaidOut {
  readonly positions: readonly Position[];
  /** By content number. */
  readonly windows: ReadonlyMap<number, WindowName>;
}

/**
 * Lays a prompt out. Throws AppError audio-missing (details: utteranceIds) for audio that was never heard here; audio
 * that was heard and forgotten still has its number, and is missed only if the cache does not hold it either.
 */
export function layOut(items: readonly PromptItem[], space: PositionSpace): LaidOut {
  const positions: Position[] = [];
  const windows = new Map<number, WindowName>();
  const missing = new Set<string>();
  for (const item of items) {
    if (item.type === "ids") {
      for (const id of item.ids) positions.push(id);
      continue;
    }
    for (let window = 0; window < item.windows; window++) {
      const name = { utteranceId: item.utteranceId, window, samples: item.samples };
      const serial = space.audio.serial(name);
      if (serial === undefined) {
        missing.add(item.utteranceId);
        continue;
      }
      windows.set(serial, name);
      const first = serial * space.windowPositions;
      for (let offset = 0; offset < space.windowPositions; offset++) positions.push(-1 - first - offset);
    }
  }
  if (missing.size > 0) throw audioMissing([...missing]);
  return { positions, windows };
}

/**
 * Encodes the windows that `positions` need and that were not encoded before; one span a window. Cancelled between two
 * windows, and with `inPieces` between two pieces of the encoder: letting messages through there costs a tenth of its
 * time, which only work that may be in vain has to spare.
 */
export async function encodeWindows(
  positions: readonly Position[],
  windows: LaidOut["windows"],
  space: PositionSpace,
  { signal, inPieces }: { readonly signal: AbortSignal; readonly inPieces: boolean },
): Promise<{ readonly features: ReadonlyMap<number, Float32Array>; readonly spans: readonly Span[] }> {
  const serials = new Set(
    positions.filter((position) => position < 0).map((p) => serialOf(p, space.windowPositions)),
  );
  const needed = [...serials].map((serial) => ({ serial, name: windows.get(serial)! }));
  // More may have been said since the prompt was laid out: its positions never get the embeddings of another content.
  const missing = needed.filter(({ serial, name }) => space.audio.source(name)?.serial !== serial);
  if (missing.length > 0) throw audioMissing([...new Set(missing.map(({ name }) => name.utteranceId))]);
  const features = new Map<number, Float32Array>();
  const spans: Span[] = [];
  for (const { serial, name } of needed) {
    throwIfAborted(signal);
    const encoded = await encodeWindow(name, space, inPieces ? signal : undefined);
    if (encoded.serial !== serial) throw audioMissing([name.utteranceId]);
    features.set(serial, encoded.features);
    if (encoded.span) spans.push(encoded.span);
  }
  return { features, spans };
}

/** Embeddings of one window, computed now or before. Throws `cancelled` between two pieces of the encoder. */
export async function encodeWindow(
  name: WindowName,
  space: PositionSpace,
  signal?: AbortSignal,
): Promise<{ readonly serial: number; readonly features: Float32Array; readonly span?: Span }> {
  const source = space.audio.source(name);
  if (!source) throw audioMissing([name.utteranceId]);
  if (source.features) return { serial: source.serial, features: source.features };
  const startMs = systemClock.nowMs();
  const { features, run } = await space.encoder.encode(source.mel(), signal);
  source.keep(features);
  return {
    serial: source.serial,
    features,
    span: { name: "encode", startMs, endMs: run.endMs, index: name.window, sessionMs: run.sessionMs },
  };
}

/**
 * The decoder's input for `positions`, [positions × hiddenSize]: rows of the embedding table, and audio embeddings copied
 * once, a whole stretch at a time.
 */
export async function embed(
  positions: readonly Position[],
  features: ReadonlyMap<number, Float32Array>,
  space: PositionSpace,
): Promise<{ readonly embeds: Float32Array; readonly sessionMs: number }> {
  const { embeddings, windowPositions } = space;
  const { hiddenSize } = embeddings;
  const embeds = new Float32Array(positions.length * hiddenSize);
  const sessionMs = await embeddings.fetch(positions.filter((position) => position >= 0));
  for (let at = 0; at < positions.length;) {
    const position = positions[at]!;
    if (position >= 0) {
      if (!embeddings.copyRow(position, embeds, at * hiddenSize)) {
        throw new AppError("internal", `The embedding of token ${position} was not fetched.`);
      }
      at++;
      continue;
    }
    const offset = (-1 - position) % windowPositions;
    let length = 1;
    while (offset + length < windowPositions && positions[at + length] === position - length) length++;
    const source = features.get(serialOf(position, windowPositions))!;
    embeds.set(source.subarray(offset * hiddenSize, (offset + length) * hiddenSize), at * hiddenSize);
    at += length;
  }
  return { embeds, sessionMs };
}

function serialOf(position: Position, windowPositions: number): number {
  return Math.floor((-1 - position) / windowPositions);
}

function audioMissing(utteranceIds: readonly string[]): AppError {
  return new AppError("audio-missing", "The speech of this question is no longer in memory. Send it again.", {
    details: { utteranceIds },
  });
}
