import { languageOfVoice, voiceSpeaking, type SharedLanguage } from "../../shared/voices.ts";
import type { AssistantEngine } from "./turn-pipeline.ts";

/** The voice a person chose, and whether it gives way to one that speaks the reply's language (R25). */
export interface ReplyVoice {
  readonly chosen: string;
  readonly followsLanguage: boolean;
  /** What the conversation was in so far. */
  readonly expected: SharedLanguage;
}

/**
 * The voice for a reply that begins with `text`. A voice of a language that Voxtral does not speak was chosen in spite of
 * that, and stays. Rejects only when the speech process does.
 */
export async function replyVoice(
  kokoro: AssistantEngine["kokoro"],
  text: string,
  { chosen, followsLanguage, expected }: ReplyVoice,
): Promise<string> {
  if (!followsLanguage || languageOfVoice(chosen) === undefined) return chosen;
  return voiceSpeaking(await kokoro.call("language", { text, expected }), chosen);
}
