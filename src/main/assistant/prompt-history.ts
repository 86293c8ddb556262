import type { Prompt, PromptTurn, UserContent } from "../models/services.ts";

/** A turn as the model should remember it. */
export interface RememberedTurn {
  readonly turnId: string;
  readonly content: readonly UserContent[];
  /** The reply, as generated ids as far as it was heard, or as text from a stored history. */
  readonly reply: { readonly tokenIds: readonly number[] } | { readonly text: string };
}

/** Recordings are kept for re-feeding a restarted model: 64 MiB is about 17 minutes of 16 kHz speech. */
const MAX_AUDIO_BYTES = 64 * 2 ** 20;

/**
 * What was said in a conversation, in the form prompts are made of, and the recordings that a restarted model process
 * needs again. Old recordings go first when memory runs out; their turns then live on as text, or are left out.
 */
export class PromptHistory {
  #turns: RememberedTurn[] = [];
  readonly #audio = new Map<string, Float32Array>();
  readonly #transcripts = new Map<string, string>();
  readonly #staysBrief: boolean;

  /** `staysBrief`: see Prompt. */
  constructor(staysBrief = false) {
    this.#staysBrief = staysBrief;
  }

  get turns(): readonly RememberedTurn[] {
    return this.#turns;
  }

  add(turn: RememberedTurn): void {
    this.#turns.push(turn);
  }

  /** Forgets this turn and everything after it: it is going to be answered again. */
  removeFrom(turnId: string): readonly RememberedTurn[] {
    const index = this.#turns.findIndex((turn) => turn.turnId === turnId);
    return index < 0 ? [] : this.#turns.splice(index);
  }

  find(turnId: string): RememberedTurn | undefined {
    return this.#turns.find((turn) => turn.turnId === turnId);
  }

  keepAudio(utteranceId: string, samples: Float32Array): void {
    this.#audio.set(utteranceId, samples);
    let bytes = 0;
    for (const kept of this.#audio.values()) bytes += kept.byteLength;
    for (const [id, kept] of this.#audio) {
      if (bytes <= MAX_AUDIO_BYTES || id === utteranceId) break;
      bytes -= kept.byteLength;
      this.#audio.delete(id);
    }
  }

  audio(utteranceId: string): Float32Array | undefined {
    return this.#audio.get(utteranceId);
  }

  keepTranscript(utteranceId: string, text: string): void {
    this.#transcripts.set(utteranceId, text);
  }

  /** From now on, remember these utterances by their words (or not at all): their sound cannot be had any more. */
  replaceAudio(utteranceIds: ReadonlySet<string>): void {
    const isLost = (part: UserContent): boolean =>
      part.type === "audio" && utteranceIds.has(part.utteranceId);
    this.#turns = this.#turns.flatMap((turn) => {
      if (!turn.content.some(isLost)) return [turn];
      const content = turn.content.flatMap((part): UserContent[] => {
        if (part.type === "text" || !isLost(part)) return [part];
        const text = this.#transcripts.get(part.utteranceId);
        return text ? [{ type: "text", text }] : [];
      });
      return content.length === 0 ? [] : [{ ...turn, content }];
    });
  }

  /** The prompt that ends with the user saying `content`. */
  prompt(instructions: string, content: readonly UserContent[]): Prompt {
    const turns: PromptTurn[] = this.#turns.flatMap((turn): PromptTurn[] => [
      { role: "user", content: turn.content.map((part) => this.#withTranscript(part)) },
      { role: "assistant", ...turn.reply },
    ]);
    const staysBrief = this.#staysBrief;
    return { kind: "chat", instructions, turns: [...turns, { role: "user", content }], staysBrief };
  }

  /** The model may remember speech of long ago by its words. */
  #withTranscript(part: UserContent): UserContent {
    if (part.type === "text") return part;
    const transcript = this.#transcripts.get(part.utteranceId);
    return transcript ? { ...part, transcript } : part;
  }
}
