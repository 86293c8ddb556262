import { SpeechCosts } from "./speech-costs.ts";

/** Voices whose costs are remembered: more than anyone switches between, few enough to forget nothing important. */
const REMEMBERED = 16;

/** What speaking costs on one engine, by voice and speed: shared by its conversations, so that each knows what others measured. */
export class VoiceCosts {
  readonly #byVoice = new Map<string, SpeechCosts>();
  #newest: SpeechCosts | undefined;

  /** `speed` is a factor on the voice's own pace. A voice that was never heard begins with what the one before it cost. */
  of(voice: string, speed: number): SpeechCosts {
    const name = `${voice} ${speed}`;
    const costs = this.#byVoice.get(name) ?? new SpeechCosts(this.#newest?.estimate);
    // Taken out and put back, so that the first is the one that was used longest ago.
    this.#byVoice.delete(name);
    this.#byVoice.set(name, costs);
    for (const oldest of this.#byVoice.keys()) {
      if (this.#byVoice.size <= REMEMBERED) break;
      this.#byVoice.delete(oldest);
    }
    this.#newest = costs;
    return costs;
  }
}
