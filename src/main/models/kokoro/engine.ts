import { setImmediate } from "node:timers/promises";
import { SPEAK_RATE_HZ } from "../../../shared/audio.ts";
import { systemClock } from "../../../shared/clock.ts";
import { AppError } from "../../../shared/errors.ts";
import type { Voice } from "../../../shared/voices.ts";
import { graphProvider } from "../graph-provider.ts";
import { graphBytes, SMALL_GRAPH_BYTES } from "../graph-size.ts";
import { modelNameOf, readModelConfig } from "../model-folder.ts";
import { openGraph } from "../onnx-session.ts";
import type { Graph } from "../onnx-session.ts";
import type { KokoroInfo, KokoroService, SpeechPart } from "../services.ts";
import { Turnstile } from "../turnstile.ts";
import { Espeak } from "./espeak.ts";
import { kokoroFile } from "./graph-files.ts";
import { pauseAfterMs } from "./pauses.ts";
import { Phonemizer } from "./phonemizer.ts";
import { cutSpeech, findSpeech } from "./silence.ts";
import { Synthesizer } from "./synthesizer.ts";
import { partsOf } from "./text-parts.ts";
import type { TextPart } from "./text-parts.ts";
import { Vocabulary } from "./vocabulary.ts";
import { knownVoice, VoiceStyles } from "./voice-styles.ts";
import { timeWords } from "./word-timing.ts";

export type KokoroLoadParams = KokoroService["calls"]["load"]["params"];
export type SynthesizeParams = KokoroService["streams"]["synthesize"]["params"];

/** A letter that sounds, not a mark such as stress or length: without one there is nothing to say. */
const soundingLetter = /[\p{Ll}\p{Lu}\p{Lo}]/u;

const SLOWEST = 0.5;
const FASTEST = 2;

/** The voice that warms the model; any would do. */
const WARM_VOICE = "af_heart";
const WARM_TEXT =
  "Hello there, how are you today? It is 10:30, and 21 degrees outside; the weather will stay dry for the afternoon.";

/** A loaded Kokoro: text → phonemes → speech. Requests are served one at a time, in the order they came. */
export class KokoroEngine {
  #info: KokoroInfo | undefined;
  readonly #graph: Graph;
  readonly #synthesizer: Synthesizer;
  readonly #phonemizer: Phonemizer;
  readonly #vocabulary: Vocabulary;
  readonly #styles: VoiceStyles;
  readonly #turnstile = new Turnstile();

  private constructor(parts: EngineParts) {
    this.#graph = parts.graph;
    this.#synthesizer = parts.synthesizer;
    this.#phonemizer = parts.phonemizer;
    this.#vocabulary = parts.vocabulary;
    this.#styles = parts.styles;
  }

  /**
   * Opens a Kokoro folder and runs it once. Throws AppError: model-missing, model-corrupt, model-wrong,
   * provider-unavailable, out-of-memory, bad-input, internal (the provider computes nonsense).
   */
  static async load(params: KokoroLoadParams): Promise<KokoroEngine> {
    const { modelDir, threads, voicesDir } = params;
    const startMs = systemClock.nowMs();
    readModelConfig(modelDir, { modelType: "style_text_to_speech_2", product: "Kokoro" });
    const vocabulary = Vocabulary.read(modelDir);
    const styles = VoiceStyles.besides(modelDir, voicesDir);
    const file = kokoroFile(params);
    const espeak = await Espeak.load();
    // A small graph gains less from a second thread than the decoder beside it loses by it.
    const isSmall = graphBytes(file.path) <= SMALL_GRAPH_BYTES;
    const provider = graphProvider(params, "model");
    const graph = await openGraph(file.path, { provider, threads: threads === 0 && isSmall ? 1 : threads });
    try {
      const synthesizer = new Synthesizer(graph);
      const phonemizer = new Phonemizer(espeak, vocabulary);
      const engine = new KokoroEngine({ graph, synthesizer, phonemizer, vocabulary, styles });
      const loadMs = systemClock.nowMs() - startMs;
      const { warmUpMs, stepMs } = await engine.#warmUp();
      engine.#info = {
        modelName: modelNameOf(modelDir),
        providers: { model: graph.provider },
        dtypes: { model: file.dtype },
        loadMs,
        warmUpMs,
        stepMs,
        voices: styles.available(),
        sampleRateHz: SPEAK_RATE_HZ,
      };
      return engine;
    } catch (error) {
      await graph.release();
      throw error;
    }
  }

  /** What was loaded. */
  get info(): KokoroInfo {
    if (!this.#info)
      throw new AppError("internal", "The voice model was asked about itself while it was loading.");
    return this.#info;
  }

  /**
   * Phonemes of `text` and the number of tokens they make in one input, pads included; beyond 512 the text would be
   * spoken in parts. Throws AppError: voice-unknown, bad-input, cancelled.
   */
  async phonemize(
    params: { readonly text: string; readonly voice: string },
    signal: AbortSignal,
  ): Promise<{ phonemes: string; tokens: number }> {
    const text = checkedText(params.text);
    const voice = knownVoice(params.voice);
    const phonemes: string[] = [];
    for (const part of partsOf(text, (piece) => this.#phonemizer.phonemize(piece, voice))) {
      phonemes.push(part.phonemes);
      // A book would keep this thread for minutes: let speech, heartbeats and a cancellation through.
      await setImmediate();
      if (signal.aborted) throw new AppError("cancelled", "The request for phonemes was cancelled.");
    }
    const joined = phonemes.join(" ");
    return { phonemes: joined, tokens: this.#vocabulary.encode(joined).length };
  }

  /**
   * Speech of `text`, each part as soon as it exists; no parts when there is nothing to say. Waits for its turn.
   * Throws AppError: voice-unknown, bad-input, cancelled, and what a run or a voice file can fail with.
   */
  async *synthesize(params: SynthesizeParams, signal: AbortSignal): AsyncGenerator<SpeechPart> {
    const text = checkedText(params.text);
    const voice = knownVoice(params.voice);
    const speed = checkedSpeed(params.speed);
    using _turn = await this.#turnstile.enter(signal);
    const parts = partsOf(text, (piece) => this.#phonemizer.phonemize(piece, voice));
    let textLeft = text.trim();
    for (;;) {
      // A session run blocks this thread: let a cancellation that has arrived be heard before it.
      await setImmediate();
      if (signal.aborted) throw new AppError("cancelled", "The speech was cancelled.");
      const startMs = systemClock.nowMs();
      const { value: part } = parts.next();
      if (!part) return;
      const endMs = systemClock.nowMs();
      textLeft = textLeft.slice(part.text.length).trimStart();
      if (!soundingLetter.test(part.phonemes)) continue;
      const isLast = params.isLast && textLeft === "";
      const speech = await this.#speak(part, { voice, speed, isLast, phonemesSpan: { startMs, endMs } });
      if (speech) yield speech;
    }
  }

  /** Frees the session once the run under way has ended. Idempotent. */
  async release(): Promise<void> {
    using _turn = await this.#turnstile.enter();
    await this.#graph.release();
  }

  /**
   * Runs the graph at its usual lengths, and speaks once: the first request would otherwise wait 30 ms for espeak and
   * our own code to be compiled. Returns the milliseconds it took, and those of that one synthesis.
   */
  async #warmUp(): Promise<{ warmUpMs: number; stepMs: number }> {
    const startMs = systemClock.nowMs();
    const voice = knownVoice(this.#styles.available()[0] ?? WARM_VOICE);
    await this.#synthesizer.warmUp(this.#styles.row(voice, 0));
    const spoken = { text: WARM_TEXT, voice: voice.id, speed: 1, isLast: false };
    let stepMs = 0;
    for await (const { spans } of this.synthesize(spoken, new AbortController().signal)) {
      stepMs += spans.find(({ name }) => name === "synthesis")?.sessionMs ?? 0;
    }
    return { warmUpMs: systemClock.nowMs() - startMs, stepMs };
  }

  async #speak(part: TextPart, how: HowToSpeak): Promise<SpeechPart | undefined> {
    const { voice, speed, isLast, phonemesSpan } = how;
    const ids = this.#vocabulary.encode(part.phonemes);
    const style = this.#styles.row(voice, part.phonemes.length);
    const raw = await this.#synthesizer.run(ids, style, speed);
    const { bounds, pauses } = findSpeech(raw.pcm);
    const speechSamples = bounds.end - bounds.start;
    // A model may have no sound for a lone symbol of a foreign script.
    if (speechSamples === 0) return undefined;
    const pauseMs = isLast ? 0 : pauseAfterMs(part.text, speed);
    const pause = Math.round((pauseMs * SPEAK_RATE_HZ) / 1000);
    return {
      pcm: cutSpeech(raw.pcm, bounds, pause),
      sampleRateHz: SPEAK_RATE_HZ,
      text: part.text,
      phonemes: part.phonemes,
      phonemeTokens: ids.length,
      words: timeWords(part.text, part.phonemes, speechSamples, pauses),
      trimmed: { leading: bounds.start, trailing: raw.pcm.length - bounds.end, pause },
      spans: [
        { name: "phonemes", ...phonemesSpan },
        {
          name: "synthesis",
          startMs: raw.startMs,
          endMs: systemClock.nowMs(),
          sessionMs: raw.sessionMs,
        },
      ],
    };
  }
}

interface EngineParts {
  readonly graph: Graph;
  readonly synthesizer: Synthesizer;
  readonly phonemizer: Phonemizer;
  readonly vocabulary: Vocabulary;
  readonly styles: VoiceStyles;
}

interface HowToSpeak {
  readonly voice: Voice;
  readonly speed: number;
  readonly isLast: boolean;
  readonly phonemesSpan: { readonly startMs: number; readonly endMs: number };
}

function checkedText(text: unknown): string {
  if (typeof text === "string") return text;
  throw new AppError("bad-input", "The text to speak is not a string.");
}

/** Beyond these speeds Kokoro becomes unintelligible. */
function checkedSpeed(speed: unknown): number {
  if (typeof speed === "number" && !Number.isNaN(speed)) return Math.min(FASTEST, Math.max(SLOWEST, speed));
  throw new AppError("bad-input", `The speed of speech is a number from ${SLOWEST} to ${FASTEST}.`);
}
