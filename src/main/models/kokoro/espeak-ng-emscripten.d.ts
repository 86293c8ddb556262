/** The parts of @echogarden/espeak-ng-emscripten 0.3.5 that Parley calls; the package brings no types. */
declare module "@echogarden/espeak-ng-emscripten" {
  export interface EspeakWorker {
    /** 0 always, also for a voice that does not exist (which then speaks gibberish). */
    set_voice(name: string, language: string): number;
    /** Synthesises and traces the phonemes: one line a clause, `_` between phonemes. */
    synthesize_ipa(text: string): { readonly code: number; readonly ipa: string };
    /** Only translates: ` | ` between clauses, `_` between phonemes. `ptr` is a NUL-terminated UTF-8 string. */
    convert_to_phonemes(text: string, useIpa: boolean): { readonly ptr: number };
  }

  export interface EspeakModule {
    readonly eSpeakNGWorker: new () => EspeakWorker;
    /** Replaced when the memory grows: read it anew each time. */
    readonly HEAPU8: Uint8Array;
  }

  export default function createModule(options?: {
    /** Supplies the content of espeak-ng.data instead of the package's own loader. */
    getPreloadedPackage?: (name: string, size: number) => ArrayBuffer;
    print?: (line: string) => void;
    printErr?: (line: string) => void;
  }): Promise<EspeakModule>;
}
