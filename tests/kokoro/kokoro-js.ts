const events = ["uncaughtException", "unhandledRejection"] as const;

/**
 * Phonemes of kokoro-js itself, as it would give them to its tokenizer: the oracle for ours. Its phonemizer installs
 * handlers that re-throw whatever goes wrong in the process; they are taken out again.
 */
export async function kokoroJsPhonemes(text: string, voice: string): Promise<string> {
  const before = events.map((event) => new Set(process.listeners(event as "uncaughtException")));
  const { KokoroTTS } = await import("kokoro-js");
  for (const [i, event] of events.entries()) {
    for (const listener of process.listeners(event as "uncaughtException")) {
      if (!before[i]!.has(listener)) process.removeListener(event, listener);
    }
  }
  let seen: string | undefined;
  const tokenizer = (phonemes: string): never => {
    seen = phonemes;
    // Nothing is left to do: there is no model.
    throw new Error("tokenized");
  };
  const tts = new KokoroTTS(null as never, tokenizer as never);
  await tts.generate(text, { voice: voice as never }).catch((error: unknown) => {
    if (seen === undefined) throw error;
  });
  return seen ?? "";
}
