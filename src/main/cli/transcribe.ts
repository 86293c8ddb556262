import { randomUUID } from "node:crypto";
import { greedy } from "../models/services.ts";
import type { Output } from "./ask.ts";
import type { TranscribeOptions } from "./options.ts";
import { decodeFile, languageOf, openEngine } from "./session.ts";

/** Tokens a minute of fast speech may need, and at least enough for a sentence. */
const TOKENS_PER_MINUTE = 400;
const MIN_TOKENS = 128;

/** Writes down what is said in each file. Returns the exit code. */
export async function transcribe(
  { paths, language: wanted, model, isJson }: TranscribeOptions,
  output: Output,
  signal: AbortSignal,
): Promise<number> {
  const language = wanted ?? languageOf(model);
  const engine = openEngine(model, signal);
  try {
    for (const path of paths) {
      if (signal.aborted) break;
      const audio = await decodeFile(engine, path);
      for (const warning of audio.warnings) output.progress(`${path}: ${warning}`);
      // Mel that a model process is sent before it is there is lost.
      await engine.ready;
      const utteranceId = randomUUID();
      const { samples } = await engine.listener.call("replay", { utteranceId, samples: audio.samples });
      const prompt = { kind: "transcribe", utteranceId, samples, ...(language ? { language } : {}) } as const;
      const maxNewTokens = Math.max(MIN_TOKENS, Math.ceil((audio.durationMs / 60_000) * TOKENS_PER_MINUTE));
      let text = "";
      const params = { turnId: utteranceId, prompt, sampling: greedy, maxNewTokens };
      for await (const part of engine.voxtral.stream("generate", params, { signal })) {
        if (part.type === "prefilled") continue;
        text += part.text;
        if (!isJson) output.reply(part.text);
      }
      output.reply(isJson ? `${JSON.stringify({ type: "transcript", path, text: text.trim() })}\n` : "\n");
      engine.listener.notify("forget", { utteranceId });
      engine.voxtral.notify("forget", { utteranceIds: [utteranceId] });
    }
  } finally {
    await engine.dispose();
  }
  return signal.aborted ? 130 : 0;
}
