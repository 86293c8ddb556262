import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import createModule from "@echogarden/espeak-ng-emscripten";
import type { EspeakModule, EspeakWorker } from "@echogarden/espeak-ng-emscripten";
import { AppError } from "../../../shared/errors.ts";

/** espeak's own mark between the phonemes of a word; it doubles where a short pause belongs, which Kokoro has no sign for. */
export const PHONEME_SEPARATOR = "_";

/**
 * espeak-ng 1.52 (WebAssembly) as a phonemizer for all of Kokoro's languages. One instance holds about 45 MB.
 * For English it differs from kokoro-js (espeak-ng 1.51) in one vowel: "more" is mˈɔːɹ instead of mˈoːɹ. Kokoro was
 * trained on the former (misaki turns 1.51's o into ɔ, "for espeak < 1.52").
 */
export class Espeak {
  readonly #module: EspeakModule;
  readonly #worker: EspeakWorker;
  #voice = "";

  private constructor(module: EspeakModule) {
    this.#module = module;
    this.#worker = new module.eSpeakNGWorker();
  }

  /** Reads 24 MB of language data and starts espeak. Throws AppError model-missing when the package is incomplete. */
  static async load(): Promise<Espeak> {
    const path = fileURLToPath(
      new URL("espeak-ng.data", import.meta.resolve("@echogarden/espeak-ng-emscripten")),
    );
    // Given to the module, since its own loader only logs a missing file and then never settles.
    const data = await readFile(path).catch((cause: unknown) => {
      throw new AppError("model-missing", `The language data ${path} cannot be read. Install Parley again.`, {
        cause,
        details: { path },
      });
    });
    const module = await createModule({
      getPreloadedPackage: () => data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength),
      // espeak's remarks would mix with the words of the process that hosts it.
      print: () => {},
      printErr: () => {},
    });
    return new Espeak(module);
  }

  /**
   * IPA of one clause in an espeak voice of `voices.ts`: words separated by spaces, phonemes by `PHONEME_SEPARATOR`.
   * `text` should not hold punctuation that ends a clause. Throws AppError internal when espeak fails.
   */
  ipa(text: string, voice: string): string {
    // Its strings end at a NUL.
    const input = text.replaceAll("\0", " ").trim();
    if (input === "") return "";
    try {
      this.#select(voice);
      const translated = this.#translated(input, true);
      // Where no syllable is stressed ("and" alone) or a clause ends inside, espeak decides on stress while it speaks:
      // only there its ten times slower full synthesis is needed.
      const isComplete = translated.includes("ˈ") && !translated.includes("|");
      return isComplete ? translated : this.#spoken(input);
    } catch (cause) {
      throw new AppError("internal", "The text could not be turned into phonemes.", { cause });
    }
  }

  /**
   * A clause in espeak's two notations, phoneme by phoneme: IPA, and espeak's own names, which keep what IPA loses
   * (Mandarin's tones as numbers). Words are separated by spaces. Throws AppError internal when espeak fails.
   */
  notations(text: string, voice: string): { readonly ipa: string; readonly names: string } {
    const input = text.replaceAll("\0", " ").trim();
    if (input === "") return { ipa: "", names: "" };
    try {
      this.#select(voice);
      return { ipa: this.#translated(input, true), names: this.#translated(input, false) };
    } catch (cause) {
      throw new AppError("internal", "The text could not be turned into phonemes.", { cause });
    }
  }

  #select(voice: string): void {
    if (voice === this.#voice) return;
    this.#worker.set_voice(voice, "");
    this.#voice = voice;
  }

  #translated(text: string, asIpa: boolean): string {
    const { ptr } = this.#worker.convert_to_phonemes(text, asIpa);
    const memory = this.#module.HEAPU8;
    return new TextDecoder().decode(memory.subarray(ptr, memory.indexOf(0, ptr))).trim();
  }

  #spoken(text: string): string {
    const lines = this.#worker.synthesize_ipa(text).ipa.split("\n");
    return lines
      .filter((line) => line !== "")
      .join(" ")
      .trim();
  }
}
