import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { AppError } from "../../../shared/errors.ts";
import { findVoice, similarVoices, voices } from "../../../shared/voices.ts";
import type { Voice } from "../../../shared/voices.ts";
import { LruCache } from "./lru-cache.ts";

/** A style vector has 256 numbers (config of Kokoro-82M); a file holds one for each of 510 lengths. */
const STYLE_SIZE = 256;
const ROWS = 510;
const FILE_BYTES = ROWS * STYLE_SIZE * Float32Array.BYTES_PER_ELEMENT;

/** Half a megabyte each: a conversation uses one voice, a voice gallery a few. */
const CACHED_VOICES = 8;

/** Style files of the voices, read when first used. The first folder that has a voice's file supplies it. */
export class VoiceStyles {
  readonly #folders: readonly string[];
  readonly #styles = new LruCache<string, Float32Array>(CACHED_VOICES);

  constructor(folders: readonly string[]) {
    this.#folders = folders;
  }

  /** Looks in `voicesDir`, then in the model's own `voices`, then in those kokoro-js ships (all 54). */
  static besides(modelDir: string, voicesDir?: string): VoiceStyles {
    const shipped = fileURLToPath(new URL("../voices", import.meta.resolve("kokoro-js")));
    const own = join(modelDir, "voices");
    return new VoiceStyles(voicesDir === undefined ? [own, shipped] : [voicesDir, own, shipped]);
  }

  /** Ids of the voices whose file exists. */
  available(): readonly string[] {
    return voices.map(({ id }) => id).filter((id) => this.#pathOf(id) !== undefined);
  }

  /**
   * The [256] style for an input of `phonemeCount` symbols (without pads): its row of the file, as kokoro-js and the
   * model card choose it. Throws AppError: model-missing (no such file), model-corrupt (not 522,240 bytes).
   */
  row(voice: Voice, phonemeCount: number): Float32Array {
    const row = Math.min(Math.max(phonemeCount, 0), ROWS - 1);
    return this.#style(voice.id).subarray(row * STYLE_SIZE, (row + 1) * STYLE_SIZE);
  }

  #style(id: string): Float32Array {
    const known = this.#styles.get(id);
    if (known) return known;
    const path = this.#pathOf(id);
    if (path === undefined) {
      throw new AppError("model-missing", `The voice file ${id}.bin is missing. Download the model again.`, {
        details: { id, folders: this.#folders },
      });
    }
    const style = readStyle(path);
    this.#styles.set(id, style);
    return style;
  }

  #pathOf(id: string): string | undefined {
    return this.#folders.map((folder) => join(folder, `${id}.bin`)).find((path) => existsSync(path));
  }
}

/** The voice of this id. Throws AppError voice-unknown, naming the ids that look like it. */
export function knownVoice(id: string): Voice {
  const voice = findVoice(id);
  if (voice) return voice;
  const similar = similarVoices(id);
  throw new AppError("voice-unknown", `There is no voice "${id}". Did you mean ${similar.join(", ")}?`, {
    details: { id, similar },
  });
}

function readStyle(path: string): Float32Array {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    throw new AppError("file-unreadable", `The voice file ${path} cannot be read. Check its permissions.`, {
      cause,
      details: { path },
    });
  }
  if (bytes.byteLength !== FILE_BYTES) {
    throw new AppError(
      "model-corrupt",
      `The voice file ${path} is damaged: it has ${bytes.byteLength} bytes instead of ${FILE_BYTES}. Download it again.`,
      { details: { path, bytes: bytes.byteLength } },
    );
  }
  // Copied, because a Buffer may begin at an address that float32 cannot.
  return new Float32Array(Uint8Array.from(bytes).buffer);
}
