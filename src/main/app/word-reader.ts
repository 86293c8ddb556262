import { randomUUID } from "node:crypto";
import type { Engine } from "../models/engine.ts";
import { greedy } from "../models/services.ts";

/** More is not needed to know whether a sentence is finished, or what an interjection means. */
const MAX_TOKENS = 48;

/**
 * Reads words while they are being said: of an open question during its pauses, and of what is said over an answer. One
 * reading at a time, a new one abandons the old; the model works on it between the tokens of whatever else it does, and on
 * a cache of its own. Nothing here ever rejects: words that cannot be read are null.
 */
export class WordReader {
  readonly #engine: () => Pick<Engine, "listener" | "voxtral">;
  #reading: AbortController | undefined;

  constructor(engine: () => Pick<Engine, "listener" | "voxtral">) {
    this.#engine = engine;
  }

  /** The words of an utterance of which the model knows `samples`; null when abandoned. */
  async read(utteranceId: string, samples: number): Promise<string | null> {
    const { signal } = this.#begin();
    try {
      return await this.#transcribe(utteranceId, samples, signal);
    } catch {
      // Abandoned, or the model has no time or no memory of it: then the length of the pause decides, as always.
      return null;
    }
  }

  /** The words said since this sample of the microphone's stream; nothing of them is kept. */
  async overhear(fromSample: number): Promise<string | null> {
    const { signal } = this.#begin();
    const { listener, voxtral } = this.#engine();
    const utteranceId = randomUUID();
    try {
      await listener.call("begin", { utteranceId, preRollMs: 0, fromSample, trimSilence: true });
      const { samples } = await listener.call("end", { utteranceId });
      return await this.#transcribe(utteranceId, samples, signal);
    } catch {
      // As above; a question that began meanwhile has taken the utterance's place.
      return null;
    } finally {
      listener.notify("forget", { utteranceId });
      voxtral.notify("forget", { utteranceIds: [utteranceId] });
    }
  }

  /** What is being read is of no use any more. */
  abandon(): void {
    this.#reading?.abort();
    this.#reading = undefined;
  }

  #begin(): AbortController {
    this.abandon();
    return (this.#reading = new AbortController());
  }

  async #transcribe(utteranceId: string, samples: number, signal: AbortSignal): Promise<string | null> {
    const prompt = { kind: "transcribe", utteranceId, samples } as const;
    const params = { turnId: utteranceId, prompt, sampling: greedy, maxNewTokens: MAX_TOKENS };
    let text = "";
    for await (const part of this.#engine().voxtral.stream("generate", params, { signal })) {
      if (part.type !== "prefilled") text += part.text;
    }
    return signal.aborted ? null : text.trim();
  }
}
