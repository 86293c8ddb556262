import {
  AutoProcessor,
  env,
  TextStreamer,
  VoxtralForConditionalGeneration,
  type Message,
  type PreTrainedModel,
  type Processor,
  type Tensor,
} from "@huggingface/transformers";
import { KokoroTTS, TextSplitterStream } from "kokoro-js";

/** Milliseconds from the end of the question, which the peer is given whole. */
export interface PeerTurn {
  readonly reply: string;
  /** First text that the streamer lets out: a whole word, as it waits for the space after it. */
  readonly firstTextMs: number;
  readonly firstAudioMs: number;
  /** The feature extractor's log-mel of this turn's question alone. */
  readonly melMs: number;
  /** Positions of the prompt: the whole conversation so far. */
  readonly promptTokens: number;
  readonly totalMs: number;
  readonly audioSeconds: number;
}

export interface PeerOptions {
  /** Folder that holds `voxtral/` and `kokoro/`. */
  readonly packFolder: string;
  readonly voice: keyof KokoroTTS["voices"];
  readonly maxNewTokens: number;
}

/**
 * Spoken question in, spoken answer out, as the READMEs of transformers.js and kokoro-js show it: processor, `generate`
 * with a streamer, the streamer's text into kokoro-js's splitter, its sentences into sound. A conversation is the whole
 * chat sent again with all of its audio, which is what the processor asks for.
 */
export class PeerPipeline {
  readonly #processor: Processor;
  readonly #model: PreTrainedModel;
  readonly #speech: KokoroTTS;
  readonly #options: PeerOptions;
  #chat: Message[] = [];
  #audios: Float32Array[] = [];

  private constructor(processor: Processor, model: PreTrainedModel, speech: KokoroTTS, options: PeerOptions) {
    this.#processor = processor;
    this.#model = model;
    this.#speech = speech;
    this.#options = options;
  }

  /** Loads both models in full precision on the CPU, from local files only. */
  static async load(options: PeerOptions): Promise<PeerPipeline> {
    env.allowRemoteModels = false;
    env.localModelPath = options.packFolder;
    const processor = await AutoProcessor.from_pretrained("voxtral");
    const model = await VoxtralForConditionalGeneration.from_pretrained("voxtral", {
      dtype: "fp32",
      device: "cpu",
    });
    const speech = await KokoroTTS.from_pretrained("kokoro", { dtype: "fp32", device: "cpu" });
    return new PeerPipeline(processor, model, speech, options);
  }

  /** Forgets the conversation. */
  restart(): void {
    this.#chat = [];
    this.#audios = [];
  }

  /** Answers a question, 16 kHz mono, as the next turn of the conversation. */
  async ask(question: Float32Array): Promise<PeerTurn> {
    const startMs = performance.now();
    this.#chat.push({ role: "user", content: [{ type: "audio" }] });
    this.#audios.push(question);
    const prompt = this.#processor.apply_chat_template(this.#chat, { tokenize: false });
    const inputs: Record<string, Tensor> = await this.#processor(prompt, this.#audios);

    const splitter = new TextSplitterStream();
    let firstAudioMs = Number.NaN;
    let audioSeconds = 0;
    const speaking = (async () => {
      for await (const { audio } of this.#speech.stream(splitter, { voice: this.#options.voice })) {
        if (Number.isNaN(firstAudioMs)) firstAudioMs = performance.now() - startMs;
        audioSeconds += audio.audio.length / audio.sampling_rate;
      }
    })();

    let firstTextMs = Number.NaN;
    let reply = "";
    const streamer = new TextStreamer(this.#processor.tokenizer!, {
      skip_prompt: true,
      skip_special_tokens: true,
      callback_function: (text: string) => {
        if (Number.isNaN(firstTextMs) && text !== "") firstTextMs = performance.now() - startMs;
        reply += text;
        splitter.push(text);
      },
    });
    await this.#model.generate({ ...inputs, max_new_tokens: this.#options.maxNewTokens, streamer });
    splitter.close();
    await speaking;
    const totalMs = performance.now() - startMs;
    this.#chat.push({ role: "assistant", content: reply.trim() });

    const melStartMs = performance.now();
    await this.#processor.feature_extractor!(question);
    const melMs = performance.now() - melStartMs;
    const promptTokens = inputs["input_ids"]!.dims.at(-1)!;
    return { reply: reply.trim(), firstTextMs, firstAudioMs, melMs, promptTokens, totalMs, audioSeconds };
  }
}
