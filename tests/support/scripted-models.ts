import { connect, serve } from "../../src/shared/rpc.ts";
import type { ServiceShape, Handlers, RpcClient } from "../../src/shared/rpc-shape.ts";
import { createPortPair } from "../../src/shared/ports/memory.ts";
import type {
  GenerationPart,
  KokoroService,
  ListenerService,
  SpeechPart,
  VoxtralService,
} from "../../src/main/models/services.ts";
import type { AssistantEngine } from "../../src/main/assistant/turn-pipeline.ts";

/** Every word lasts this long in scripted speech. */
export const WORD_SAMPLES = 1_000;

export interface ScriptedModels {
  readonly engine: AssistantEngine;
  /** What voxtral answers; a reply is one token a word. */
  reply: string;
  /** Called before each token; a rejection breaks the generation. */
  beforeToken: (index: number, signal: AbortSignal) => Promise<void> | void;
  cut: (tokenIds: readonly number[], characters: number) => Promise<readonly number[]>;
  /** Prompts that were asked, oldest first. */
  readonly prompts: VoxtralService["streams"]["generate"]["params"]["prompt"][];
}

/** Models that say what the test wants, behind real rpc in this process: for what real ones do only by accident. */
export function scriptedModels(): ScriptedModels {
  const span = { startMs: 0, endMs: 1 };
  const models: ScriptedModels = {
    reply: "One two three four five.",
    beforeToken: () => {},
    // Token n is the n-th word, each with the space before it.
    cut: async (tokenIds, characters) => {
      let length = 0;
      return tokenIds.filter((id) => (length += word(models.reply, id).length) <= characters);
    },
    prompts: [],
    engine: {
      listener: client<ListenerService>({
        calls: {
          decode: () => ({
            samples: new Float32Array(1),
            sourceRateHz: 16_000,
            sourceChannels: 1,
            durationMs: 1,
            peak: 0,
            rms: 0,
            warnings: [],
          }),
          configure: () => ({ detector: "energy", reason: "Scripted." }),
          begin: () => ({ preRollSamples: 0 }),
          end: ({ utteranceId }) => summary(utteranceId),
          audio: () => new Float32Array(160),
          replay: ({ utteranceId }) => summary(utteranceId),
        },
        streams: {},
        notices: { push: () => {}, forget: () => {}, hint: () => {} },
      }),
      voxtral: client<VoxtralService>({
        calls: {
          load: () => Promise.reject(new Error("A scripted model is never loaded.")),
          prepare: () => ({ prefillTokens: 0, reusedTokens: 0 }),
          tokenize: ({ text }) => [...text.split(" ").keys()],
          cut: ({ tokenIds, characters }) => models.cut(tokenIds, characters),
        },
        streams: {
          async *generate({ prompt }, { signal }): AsyncGenerator<GenerationPart> {
            models.prompts.push(prompt);
            yield { type: "prefilled", prefillTokens: 1, reusedTokens: 0, droppedTurns: 0, spans: [] };
            const tokenIds = [...models.reply.split(" ").keys()];
            for (const index of tokenIds) {
              await models.beforeToken(index, signal);
              const text = word(models.reply, index);
              yield { type: "token", index, id: index, text, atMs: 0, span: { name: "decode", ...span } };
            }
            yield { type: "finished", reason: "end", tokenIds, text: "" };
          },
        },
        notices: { mel: () => {}, forget: () => {} },
      }),
      kokoro: client<KokoroService>({
        calls: {
          load: () => Promise.reject(new Error("A scripted model is never loaded.")),
          language: ({ expected }) => expected,
          phonemize: ({ text }) => ({ phonemes: text, tokens: text.length }),
        },
        streams: {
          async *synthesize({ text }): AsyncGenerator<SpeechPart> {
            const words = text.split(" ").map((said, i) => ({
              text: said,
              startSample: i * WORD_SAMPLES,
              endSample: (i + 1) * WORD_SAMPLES,
            }));
            yield {
              pcm: new Float32Array(words.length * WORD_SAMPLES),
              sampleRateHz: 24_000,
              text,
              phonemes: text,
              phonemeTokens: text.length,
              words,
              trimmed: { leading: 0, trailing: 0, pause: 0 },
              spans: [{ name: "synthesis", ...span }],
            };
          },
        },
        notices: {},
      }),
    },
  };
  return models;
}

function word(reply: string, index: number): string {
  const text = reply.split(" ")[index] ?? "";
  return index === 0 ? text : ` ${text}`;
}

function summary(utteranceId: string): ListenerService["calls"]["end"]["result"] {
  const melSpan = { name: "mel", startMs: 0, endMs: 0 } as const;
  return {
    utteranceId,
    samples: 160,
    trimmedSamples: 0,
    voicedMs: 0,
    preRollSamples: 0,
    peak: 0,
    rms: 0,
    melSpan,
  };
}

function client<S extends ServiceShape>(handlers: Handlers<S>): RpcClient<S> {
  const [server, caller] = createPortPair();
  serve<S>(server, handlers);
  return connect<S>(caller);
}
