import { decoderParameters, type VoxtralScale } from "../../tools/synthetic/scales.ts";
import { figure, type Figure } from "../figures.ts";
import type { Floor } from "./floor.ts";
import type { OwnTimes } from "./own.ts";
import type { PeerTimes } from "./peer-process.ts";

export interface SizeMeasurement {
  readonly own: OwnTimes;
  readonly peer: PeerTimes;
  readonly floor: Floor;
  readonly scale: VoxtralScale;
  /** Bytes of Voxtral's folder. */
  readonly files: number;
  readonly newTokens: number;
}

/** A 4-bit weight and its share of a float32 scale for 32 of them. */
const BYTES_A_WEIGHT = 0.5 + 4 / 32;

/** Parley against the peer and against what the machine can do at best. */
export function sizeFigures({ own, peer, floor, scale, files, newTokens }: SizeMeasurement): Figure[] {
  const layerWeights = decoderParameters(scale);
  const stepBytes = (layerWeights + scale.hiddenSize * scale.vocabulary) * BYTES_A_WEIGHT;
  const positions = own.promptTokens + newTokens;
  const kvRow = 2 * scale.layers * scale.kvHeads * scale.headSize * 4;
  const streamMs = (stepBytes / floor.bytesPerSecond) * 1000;
  const productsMs = ((layerWeights * own.promptTokens) / floor.productsPerSecond) * 1000;
  const ms = (value: number): string => `${value.toFixed(value < 100 ? 1 : 0)} ms`;
  const mb = (value: number): string => `${(value / 1e6).toFixed(0)} MB`;
  const held = files + positions * kvRow;
  return [
    figure(
      "decode step ÷ its 4-bit products alone",
      own.stepMs / floor.productsMs,
      1.15,
      `${ms(own.stepMs)} ÷ ${ms(floor.productsMs)}`,
    ),
    figure(
      "decode step ÷ its weights out of memory",
      own.stepMs / streamMs,
      null,
      `${ms(own.stepMs)} ÷ ${ms(streamMs)}: ${mb(stepBytes)} at ${(floor.bytesPerSecond / 1e9).toFixed(1)} GB/s`,
    ),
    figure(
      "decode step ÷ the peer's",
      own.stepMs / peer.stepMs,
      0.5,
      `${ms(own.stepMs)} ÷ ${ms(peer.stepMs)}`,
    ),
    figure(
      "prefill ÷ the peer's",
      own.prefillMs / peer.prefillMs,
      0.6,
      `${ms(own.prefillMs)} ÷ ${ms(peer.prefillMs)}`,
    ),
    figure(
      "prefill ÷ its products at the machine's best",
      own.prefillMs / productsMs,
      null,
      `${ms(own.prefillMs)} ÷ ${ms(productsMs)}: ${((2 * floor.productsPerSecond) / 1e9).toFixed(0)} GFLOP/s in float32`,
    ),
    figure(
      "peak memory ÷ files and cache",
      own.memoryBytes === null ? Number.NaN : own.memoryBytes / held,
      1.15,
      own.memoryBytes === null
        ? "not told by this system"
        : `${mb(own.memoryBytes)} ÷ ${mb(held)}; the peer ${mb(peer.memoryBytes ?? Number.NaN)}`,
    ),
    figure(
      "read while loading ÷ files",
      own.readBytes === null ? Number.NaN : own.readBytes / files,
      1.15,
      own.readBytes === null ? "not told by this system" : `${mb(own.readBytes)} ÷ ${mb(files)}`,
    ),
    figure("spoken question: first token", own.firstTokenMs, null, "from the release of the key", "ms"),
    figure("spoken question: first audio", own.firstAudioMs, null, "from the release of the key", "ms"),
    figure("loading", own.loadMs, null, `the peer ${ms(peer.loadMs)}`, "ms"),
    figure(
      "prefill, milliseconds a position",
      own.prefillMs / own.promptTokens,
      null,
      `${((1000 * own.promptTokens) / own.prefillMs).toFixed(0)} tokens/s; then ${(1000 / own.stepMs).toFixed(1)} a second`,
      "ms",
    ),
  ];
}
