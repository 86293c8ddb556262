import { existsSync } from "node:fs";
import path from "node:path";
import { LISTEN_RATE_HZ } from "../../shared/audio.ts";
import { AppError } from "../../shared/errors.ts";
import { DEMO_LANGUAGE, demoId, modelChoice, modelsFolder, type ModelFinder } from "../app/model-choice.ts";
import { providerMemory } from "../app/provider-memory.ts";
import { findInstalled } from "../library/installed.ts";
import type { Conversation } from "../assistant/conversation.ts";
import type { Turn } from "../assistant/turn.ts";
import { dataFolder } from "../storage/data-folder.ts";
import { startEngine, type Engine } from "../models/engine.ts";
import type { DecodedAudio } from "../models/services.ts";

/** Long enough for any question; Voxtral itself is made for up to 30 minutes of listening. */
const MAX_DURATION_MS = 10 * 60_000;
/** What a microphone would deliver at a time. */
const BLOCK_SAMPLES = LISTEN_RATE_HZ / 2;

/** The language a model's user speaks, when it knows only one: see ConversationSettings. */
export function languageOf(model: string): string | null {
  return model === demoId ? DEMO_LANGUAGE : null;
}

/**
 * Starts the models named on the command line; they are there when `engine.ready` settles, recordings can be decoded
 * before. While they are being loaded, an abort ends them: `ready` then rejects with `cancelled`.
 * Throws `bad-input` when there are none by that name.
 */
export function openEngine(model: string, signal?: AbortSignal): Engine {
  signal?.throwIfAborted();
  let choice: ReturnType<typeof modelChoice>;
  try {
    const root = modelsFolder(dataFolder());
    const find: ModelFinder = (id) => findInstalled(root, id);
    const isFolder = model !== demoId && existsSync(model);
    const active = isFolder ? path.resolve(model) : model;
    choice = modelChoice({ active, provider: "auto", threads: 0 }, find);
  } catch (error) {
    const message =
      `There is no model "${model}": use ${demoId}, a folder that holds voxtral/ and kokoro/, or ids of ` +
      '"npm run models -- list" that are downloaded.';
    throw new AppError("bad-input", message, { cause: error });
  }
  const engine = startEngine({ models: choice.models, memory: providerMemory(modelsFolder(dataFolder())) });
  const stop = (): void => void engine.dispose();
  const settled = (): void => signal?.removeEventListener("abort", stop);
  signal?.addEventListener("abort", stop, { once: true });
  engine.ready.then(settled, settled);
  return engine;
}

/** Decodes a recording for the listener. Errors as its `decode`, each naming the file: there may be several. */
export async function decodeFile(engine: Engine, file: string): Promise<DecodedAudio> {
  const source = { path: path.resolve(file) };
  try {
    return await engine.listener.call("decode", { source, maxDurationMs: MAX_DURATION_MS });
  } catch (error) {
    const { code, message, details } = AppError.from(error);
    const sentence = message.includes(source.path) ? message : `${file}: ${message}`;
    throw new AppError(code, sentence, { cause: error, details });
  }
}

/** Says a recording to the conversation as if it were spoken while the key was held; the turn begins at its end. */
export async function say(engine: Engine, conversation: Conversation, samples: Float32Array): Promise<Turn> {
  const listening = conversation.listen();
  await listening.prepared;
  for (let at = 0; at < samples.length; at += BLOCK_SAMPLES) {
    const block = samples.slice(at, at + BLOCK_SAMPLES);
    engine.listener.notify("push", { samples: block, sampleRateHz: LISTEN_RATE_HZ });
  }
  // A file is faster than a voice: wait until it has been heard, as it would have been when the key goes up.
  await engine.listener.call("audio", { utteranceId: listening.utteranceId });
  return listening.release();
}
