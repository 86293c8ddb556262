import type { Settings } from "../../shared/settings.ts";
import type { ConversationSettings } from "../assistant/conversation.ts";
import { greedy } from "../models/services.ts";

/** The part of the settings that a conversation answers by. */
export function conversationSettings({
  voice,
  assistant,
  turnTaking,
}: Settings): Partial<ConversationSettings> {
  const { instructions, maxNewTokens, temperature, topP } = assistant;
  return {
    voice: voice.id,
    speed: voice.speed,
    followLanguage: voice.followLanguage,
    speculate: turnTaking.speculate,
    instructions,
    maxNewTokens,
    sampling: temperature === 0 ? greedy : { ...greedy, temperature, topP },
  };
}
