import { AppError } from "../../../shared/errors.ts";
import type { MelBlock } from "../services.ts";
import { MelWindow } from "./mel-window.ts";
import { ProvisionalEnding } from "./provisional-ending.ts";
import type { WindowFeatures } from "./provisional-ending.ts";

/** What is kept of utterances before the oldest are forgotten: about 25 minutes at the real model's 4.6 MB a window. */
export const AUDIO_MEMORY_BYTES = 256 * 1024 * 1024;
/** Content numbers outlive their audio, so that a cached prompt is still recognised; a few bytes each. */
const REMEMBERED_CONTENTS = 4096;

/** What is known of one 30 s window. */
interface HeardWindow {
  mel: MelWindow | undefined;
  /** Frames heard; the rest of the window is silence. */
  frames: number;
  features: WindowFeatures | undefined;
}

interface Utterance {
  readonly windows: HeardWindow[];
  /** Its length, once it has ended. */
  samples: number | undefined;
  /** False when blocks were missed: what was heard is not what was said. */
  isWhole: boolean;
  ending: ProvisionalEnding | undefined;
}

/** One window of an utterance: as heard, or, with the `samples` of its provisional ending, as it would end. */
export interface WindowName {
  readonly utteranceId: string;
  readonly window: number;
  readonly samples?: number;
}

/** Where an audio window's embeddings come from. */
export interface WindowSource {
  readonly serial: number;
  /** Embeddings, [windowPositions × hiddenSize], when they were computed before. */
  readonly features: Float32Array | undefined;
  /** Normalised log-mel, bin-major [128, 3000]. Costs a pass over the window. */
  mel(): Float32Array;
  /** Keeps the embeddings, unless their content is void by now; the mel of a window that cannot change any more is dropped. */
  keep(features: Float32Array): void;
}

/**
 * Log-mel and embeddings of utterances, oldest use dropped first when they exceed `limitBytes`.
 * Each content of a window has a serial number: more audio in the same window is a new content, the same audio sent
 * again after it was dropped is the old one, and a provisional ending that comes true keeps the number it had.
 */
export class AudioMemory {
  readonly #limitBytes: number;
  readonly #utterances = new Map<string, Utterance>();
  readonly #contents = new Map<string, { serial: number; frames: number }>();
  #nextSerial = 0;

  constructor(limitBytes: number = AUDIO_MEMORY_BYTES) {
    this.#limitBytes = limitBytes;
  }

  /** Adds what was heard; returns the index of a window that is now full, if one is. */
  add(block: MelBlock): number | undefined {
    const { utteranceId } = block;
    // A block at the very beginning of a known, closed utterance means that it is being sent again.
    const isEnded = this.#utterances.get(utteranceId)?.samples !== undefined;
    const isReplay = isEnded && block.window === 0 && block.startFrame === 0;
    const known = isReplay ? undefined : this.#utterances.get(utteranceId);
    if (block.provisional && isEnded) return undefined;
    const utterance = known ?? { windows: [], samples: undefined, isWhole: true, ending: undefined };
    this.#use(utteranceId, utterance);
    if (block.provisional) {
      if (!utterance.ending || utterance.ending.isComplete) utterance.ending = new ProvisionalEnding();
      utterance.ending.add(block, utterance.windows[block.window]?.frames ?? 0);
      this.#shrink();
      return undefined;
    }
    const { ending } = utterance;
    const isConfirmed = ending?.isConfirmedBy(block) ?? false;
    utterance.ending = undefined;
    this.#hear(utterance, block);
    if (ending && isConfirmed) this.#adopt(utterance, utteranceId, ending);
    this.#shrink();
    return utterance.windows[block.window]!.frames >= MelWindow.frames ? block.window : undefined;
  }

  /** Drops mel and embeddings. Content numbers stay known. */
  forget(utteranceIds: readonly string[]): void {
    for (const id of utteranceIds) this.#utterances.delete(id);
  }

  /** Whether the utterance ended with `samples`, or would if nothing more were said. */
  endsWith(utteranceId: string, samples: number): boolean {
    const utterance = this.#utterances.get(utteranceId);
    return utterance?.samples === samples || utterance?.ending?.samples === samples;
  }

  /** The content number of a window, also after its audio was forgotten; undefined when it was never heard. */
  serial(name: WindowName): number | undefined {
    const { utteranceId, window } = name;
    const ending = this.#ending(name);
    if (ending) return ending.serial(window, () => this.#nextSerial++);
    const content = this.#contents.get(keyOf(utteranceId, window));
    const heard = this.#utterances.get(utteranceId)?.windows[window];
    if (!heard || content?.frames === heard.frames) return content?.serial;
    const serial = this.#nextSerial++;
    this.#number(utteranceId, window, { serial, frames: heard.frames });
    return serial;
  }

  /** What embeddings can be had from; undefined when the window was not heard, not wholly, or was dropped. */
  source(name: WindowName): WindowSource | undefined {
    const utterance = this.#utterances.get(name.utteranceId);
    const serial = this.serial(name);
    if (!utterance?.isWhole || serial === undefined) return undefined;
    const ending = this.#ending(name);
    const heard = utterance.windows[name.window];
    const known = ending ? ending.features(name.window) : heard?.features;
    const features = known?.serial === serial ? known.values : undefined;
    if (!features && !ending && !heard?.mel) return undefined;
    this.#use(name.utteranceId, utterance);
    return {
      serial,
      features,
      mel: () => {
        if (ending) return ending.normalised(name.window, heard?.mel);
        if (!heard?.mel) throw new AppError("internal", "The mel of an encoded window was asked for.");
        return heard.mel.normalised();
      },
      keep: (values) => this.#keep(utterance, name, { serial, values }),
    };
  }

  /** Bytes held in mel and embeddings. */
  get bytes(): number {
    let sum = 0;
    for (const { windows, ending } of this.#utterances.values()) {
      for (const { mel, features } of windows) sum += (mel?.bytes ?? 0) + (features?.values.byteLength ?? 0);
      sum += ending?.bytes ?? 0;
    }
    return sum;
  }

  #hear(utterance: Utterance, block: MelBlock): void {
    const heard = (utterance.windows[block.window] ??= {
      mel: new MelWindow(),
      frames: 0,
      features: undefined,
    });
    if (block.startFrame !== heard.frames || utterance.windows.findIndex((window) => !window) >= 0) {
      utterance.isWhole = false;
    }
    heard.mel?.add(block);
    heard.frames = block.startFrame + block.frames;
    if (block.final) utterance.samples = block.final.samples;
  }

  /** What was made for the ending now holds for what was heard. */
  #adopt(utterance: Utterance, utteranceId: string, ending: ProvisionalEnding): void {
    for (const window of ending.windows) {
      const serial = ending.knownSerial(window);
      const heard = utterance.windows[window];
      if (serial === undefined || !heard) continue;
      this.#number(utteranceId, window, { serial, frames: heard.frames });
      const features = ending.features(window);
      if (features) this.#settle(utterance, heard, features);
    }
  }

  /** The content may have come true, been heard to its end, or become void while it was being encoded. */
  #keep(utterance: Utterance, { utteranceId, window }: WindowName, features: WindowFeatures): void {
    const heard = utterance.windows[window];
    const content = this.#contents.get(keyOf(utteranceId, window));
    if (utterance.ending?.knownSerial(window) === features.serial) utterance.ending.keep(window, features);
    else if (heard && content?.serial === features.serial && content.frames === heard.frames) {
      this.#settle(utterance, heard, features);
    }
    this.#shrink();
  }

  #settle(utterance: Utterance, heard: HeardWindow, features: WindowFeatures): void {
    heard.features = features;
    if (utterance.samples !== undefined || heard.frames >= MelWindow.frames) heard.mel = undefined;
  }

  #ending({ utteranceId, window, samples }: WindowName): ProvisionalEnding | undefined {
    const ending = this.#utterances.get(utteranceId)?.ending;
    return samples !== undefined && ending?.samples === samples && ending.has(window) ? ending : undefined;
  }

  #number(utteranceId: string, window: number, content: { serial: number; frames: number }): void {
    const key = keyOf(utteranceId, window);
    this.#contents.delete(key);
    this.#contents.set(key, content);
    for (const oldest of this.#contents.keys()) {
      if (this.#contents.size <= REMEMBERED_CONTENTS) break;
      this.#contents.delete(oldest);
    }
  }

  #use(utteranceId: string, utterance: Utterance): void {
    this.#utterances.delete(utteranceId);
    this.#utterances.set(utteranceId, utterance);
  }

  /** The utterance in use is the newest and always stays, however long it is. */
  #shrink(): void {
    for (const oldest of this.#utterances.keys()) {
      if (this.#utterances.size <= 1 || this.bytes <= this.#limitBytes) return;
      this.#utterances.delete(oldest);
    }
  }
}

function keyOf(utteranceId: string, window: number): string {
  return `${utteranceId} ${window}`;
}
