import { AppError } from "../../../shared/errors.ts";
import type { Port } from "../../../shared/port.ts";
import { serve } from "../../../shared/rpc.ts";
import { announceBusy } from "../busy.ts";
import { endIfDeviceLost } from "../device-loss.ts";
import type { KokoroInfo, KokoroService } from "../services.ts";
import { replyLanguage } from "./reply-language.ts";
import { KokoroEngine } from "./engine.ts";
import type { KokoroLoadParams } from "./engine.ts";

/** Three hundred megabytes from a slow disk, and compiling for a graphics device. */
const LOAD_BUDGET_MS = 300_000;

/** Serves KokoroService on `port` until disposed. `load` may be called again: the new model replaces the old one. */
export function start(port: Port): Disposable {
  const host = new ModelHost();
  const server = serve<KokoroService>(port, {
    calls: {
      load: (params) => host.load(params),
      language: ({ text, expected }) => replyLanguage(text, expected),
      phonemize: async (params, { signal }) => (await host.loaded()).phonemize(params, signal),
    },
    streams: {
      async *synthesize(params, { signal }) {
        try {
          yield* (await host.loaded()).synthesize(params, signal);
        } catch (error) {
          endIfDeviceLost(error);
          throw error;
        }
      },
    },
    notices: {},
  });
  return {
    [Symbol.dispose]() {
      server[Symbol.dispose]();
      void host.release();
    },
  };
}

/** The model in use, or on its way. */
class ModelHost {
  #loading: Promise<KokoroEngine> | undefined;

  async load(params: KokoroLoadParams): Promise<KokoroInfo> {
    using _busy = announceBusy("load", LOAD_BUDGET_MS);
    const previous = this.#loading;
    this.#loading = replace(previous, params);
    return (await this.#loading).info;
  }

  /** The engine once it is there. Rejects with what made loading fail. */
  loaded(): Promise<KokoroEngine> {
    if (!this.#loading) throw new AppError("bad-input", "No Kokoro model is loaded yet. Load one first.");
    return this.#loading;
  }

  async release(): Promise<void> {
    const loading = this.#loading;
    this.#loading = undefined;
    // Why loading failed was told to its caller; a model that never came needs no release.
    const engine = await loading?.catch(() => undefined);
    await engine?.release();
  }
}

async function replace(
  previous: Promise<KokoroEngine> | undefined,
  params: KokoroLoadParams,
): Promise<KokoroEngine> {
  // Its failure was told to its caller; here only what it holds matters.
  const old = await previous?.catch(() => undefined);
  await old?.release();
  return KokoroEngine.load(params);
}
