import { AppError } from "../../../shared/errors.ts";
import type { MelBlock } from "../services.ts";
import { MelWindow } from "./mel-window.ts";

/** What is kept of utterances before the oldest are forgotten: about 25 minutes at the real model's 4.6 MB a window. */
export const AUDIO_MEMORY_BYTES = 256 * 1024 * 1024;
/** Content numbers outlive their audio, so that a cached prompt is still recognised; a few bytes each. */
const REMEMBERED_CONTENTS = 4096;

/** What is known of one 30 s window. */
interface HeardWindow {
  mel: MelWindow | undefined;
  /** Frames heard; the rest of the window is silence. */
  frames: number;
  features: { readonly serial: number; readonly values: Float32Array } | undefined;
}

interface Utterance {
  readonly windows: HeardWindow[];
  isFinal: boolean;
  /** False when blocks were missed: what was heard is not what was said. */
  isWhole: boolean;
}

/** Where an audio window's embeddings come from. */
export interface WindowSource {
  readonly serial: number;
  /** Embeddings, [windowPositions × hiddenSize], when they were computed before. */
  readonly features: Float32Array | undefined;
  /** Normalised log-mel, bin-major [128, 3000]. Costs a pass over the window. */
  mel(): Float32Array;
  /** Keeps the embeddings; the mel of a window that cannot change any more is dropped. */
  keep(features: Float32Array): void;
}

/**
 * Log-mel and embeddings of utterances, oldest use dropped first when they exceed `limitBytes`.
 * Each content of a window has a serial number: more audio in the same window is a new content, the same audio sent
 * again after it was dropped is the old one.
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
    const isReplay =
      block.window === 0 && block.startFrame === 0 && this.#utterances.get(utteranceId)?.isFinal;
    const known = isReplay ? undefined : this.#utterances.get(utteranceId);
    const utterance = known ?? { windows: [], isFinal: false, isWhole: true };
    this.#use(utteranceId, utterance);
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
    if (block.final) utterance.isFinal = true;
    this.#shrink();
    return heard.frames >= MelWindow.frames ? block.window : undefined;
  }

  /** Drops mel and embeddings. Content numbers stay known. */
  forget(utteranceIds: readonly string[]): void {
    for (const id of utteranceIds) this.#utterances.delete(id);
  }

  /** The content number of a window, also after its audio was forgotten; undefined when it was never heard. */
  serial(utteranceId: string, window: number): number | undefined {
    const key = `${utteranceId} ${window}`;
    const content = this.#contents.get(key);
    const heard = this.#utterances.get(utteranceId)?.windows[window];
    if (!heard || content?.frames === heard.frames) return content?.serial;
    const serial = this.#nextSerial++;
    this.#contents.delete(key);
    this.#contents.set(key, { serial, frames: heard.frames });
    for (const oldest of this.#contents.keys()) {
      if (this.#contents.size <= REMEMBERED_CONTENTS) break;
      this.#contents.delete(oldest);
    }
    return serial;
  }

  /** What embeddings can be had from; undefined when the window was not heard, not wholly, or was dropped. */
  source(utteranceId: string, window: number): WindowSource | undefined {
    const utterance = this.#utterances.get(utteranceId);
    const heard = utterance?.windows[window];
    const serial = this.serial(utteranceId, window);
    if (!utterance?.isWhole || !heard || serial === undefined) return undefined;
    const features = heard.features?.serial === serial ? heard.features.values : undefined;
    if (!features && !heard.mel) return undefined;
    this.#use(utteranceId, utterance);
    return {
      serial,
      features,
      mel: () => {
        if (!heard.mel) throw new AppError("internal", "The mel of an encoded window was asked for.");
        return heard.mel.normalised();
      },
      keep: (values) => {
        heard.features = { serial, values };
        if (utterance.isFinal || heard.frames >= MelWindow.frames) heard.mel = undefined;
        this.#shrink();
      },
    };
  }

  /** Bytes held in mel and embeddings. */
  get bytes(): number {
    let sum = 0;
    for (const { windows } of this.#utterances.values()) {
      for (const { mel, features } of windows) sum += (mel?.bytes ?? 0) + (features?.values.byteLength ?? 0);
    }
    return sum;
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
