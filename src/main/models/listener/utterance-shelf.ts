import { AppError } from "../../../shared/errors.ts";
import type { Utterance } from "./utterance.ts";

/** Finished utterances are kept for their audio; beyond this the oldest go (the conversation keeps its own copy). */
const MAX_KEPT_BYTES = 256 * 2 ** 20;

/** The utterances that can still be asked for, by their ids: the open one, and the newest of those that have ended. */
export class UtteranceShelf {
  readonly #utterances = new Map<string, Utterance>();

  /** Throws `bad-input` when there is none of this id. */
  find(utteranceId: string): Utterance {
    const utterance = this.#utterances.get(utteranceId);
    if (utterance) return utterance;
    throw new AppError(
      "bad-input",
      `There is no utterance ${utteranceId}: it was never begun, or is forgotten.`,
    );
  }

  /** Throws `bad-input` when there is one of this id already. */
  refuseKnown(utteranceId: string): void {
    if (!this.#utterances.has(utteranceId)) return;
    throw new AppError("bad-input", `The utterance ${utteranceId} has already begun.`);
  }

  /** Adds it, or one more of the same id in its place; the oldest that have ended make room. */
  keep(utterance: Utterance): void {
    this.#utterances.set(utterance.id, utterance);
    let bytes = 0;
    for (const kept of this.#utterances.values()) bytes += kept.bytes;
    for (const kept of this.#utterances.values()) {
      if (bytes <= MAX_KEPT_BYTES) break;
      if (kept === utterance || kept.isOpen) continue;
      bytes -= kept.bytes;
      this.#utterances.delete(kept.id);
    }
  }

  forget(utteranceId: string): void {
    this.#utterances.delete(utteranceId);
  }
}
