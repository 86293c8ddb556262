import { AppError } from "../../../shared/errors.ts";
import type { Port } from "../../../shared/port.ts";
import { serve } from "../../../shared/rpc.ts";
import { announceBusy } from "../busy.ts";
import { endIfDeviceLost } from "../device-loss.ts";
import type { LoadParams, VoxtralInfo, VoxtralService } from "../services.ts";
import { AudioMemory } from "./audio-memory.ts";
import { VoxtralEngine } from "./engine.ts";

/** Three gigabytes from a slow disk, and a first run on a slow processor. */
const LOAD_BUDGET_MS = 600_000;

/** Serves VoxtralService on `port` until disposed. `load` may be called again: the new model replaces the old one. */
export function start(port: Port): Disposable {
  const host = new ModelHost();
  const server = serve<VoxtralService>(port, {
    calls: {
      load: (params) => host.load(params),
      async prepare({ prompt }, { signal }) {
        try {
          return await (await host.loaded()).prepare(prompt, signal);
        } catch (error) {
          endIfDeviceLost(error);
          throw error;
        }
      },
      tokenize: async ({ text }) => (await host.loaded()).tokenize(text),
      cut: async ({ tokenIds, characters }) => (await host.loaded()).cut(tokenIds, characters),
    },
    streams: {
      async *generate(params, { signal }) {
        try {
          yield* (await host.loaded()).generate(params, signal);
        } catch (error) {
          endIfDeviceLost(error);
          throw error;
        }
      },
    },
    notices: {
      mel: (block) => host.hear(block),
      forget: ({ utteranceIds }) => host.forget(utteranceIds),
    },
  });
  return {
    [Symbol.dispose]() {
      server[Symbol.dispose]();
      void host.release();
    },
  };
}

/** The loaded model, and what was heard while it was still being loaded. */
class ModelHost {
  #audio = new AudioMemory();
  #loading: Promise<VoxtralEngine> | undefined;
  #engine: VoxtralEngine | undefined;

  async load(params: LoadParams): Promise<VoxtralInfo> {
    using _busy = announceBusy("load", LOAD_BUDGET_MS);
    this.#loading = this.#replaced(params, this.#loading);
    return (await this.#loading).info;
  }

  /** The engine once it is there. Rejects with what made loading fail. */
  loaded(): Promise<VoxtralEngine> {
    if (!this.#loading) throw new AppError("bad-input", "No Voxtral model is loaded yet. Load one first.");
    return this.#loading;
  }

  hear(block: Parameters<VoxtralEngine["hear"]>[0]): void {
    if (this.#engine) this.#engine.hear(block);
    else this.#audio.add(block);
  }

  forget(utteranceIds: readonly string[]): void {
    this.#audio.forget(utteranceIds);
  }

  async release(): Promise<void> {
    const engine = this.#engine;
    this.#engine = undefined;
    await engine?.release();
  }

  async #replaced(params: LoadParams, previous: Promise<VoxtralEngine> | undefined): Promise<VoxtralEngine> {
    if (previous) {
      // Its failure was reported to whoever asked for it; here only its end matters.
      await previous.catch(() => undefined);
      // Two real models do not fit into one machine's memory: the old one goes first, and its embeddings with it.
      await this.release();
      this.#audio = new AudioMemory();
    }
    this.#engine = await VoxtralEngine.load(params, this.#audio);
    return this.#engine;
  }
}
