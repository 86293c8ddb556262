import type { Span } from "../../shared/metrics.ts";
import type { TimedWord } from "../../shared/audio.ts";
import type { SharedLanguage } from "../../shared/voices.ts";

/**
 * What the three model processes offer, as rpc service shapes. All times are epoch milliseconds (see Clock), all
 * audio is mono Float32Array. The assistant knows the models only through this file.
 */

/** Where a graph runs. */
export type RealProvider = "cpu" | "webgpu" | "cuda" | "tensorrt" | "dml" | "coreml";

/** Where a model's graphs are to run. `auto` takes the fastest that computes the right numbers (providers/chooser.ts). */
export type ProviderId = "auto" | RealProvider;

export interface LoadParams {
  /** A folder in the layout of the hub repository: config.json, tokenizer.json, onnx/*.onnx. */
  readonly modelDir: string;
  /** A model process itself chooses nothing: to it, `auto` is the CPU. */
  readonly provider: ProviderId;
  /** By a graph's name: where it runs if not on `provider`. */
  readonly graphProviders?: Readonly<Record<string, RealProvider>>;
  /** Intra-op threads for CPU sessions; 0 lets the process choose from the machine's cores. */
  readonly threads: number;
  /** A precision suffix of the graph files ("fp32", "fp16", "q8", "q4", "q4f16"); absent picks the best present. */
  readonly dtype?: string;
}

export interface LoadResult {
  readonly modelName: string;
  /** The provider each graph really runs on. */
  readonly providers: Readonly<Record<string, RealProvider>>;
  readonly dtypes: Readonly<Record<string, string>>;
  readonly loadMs: number;
  readonly warmUpMs: number;
  /** What the model does over and over, measured warm: a decode step of Voxtral, a sentence of Kokoro. */
  readonly stepMs: number;
}

// --- listener: audio in → 16 kHz mono, pre-roll, incremental log-mel ------------------------------------------

/** Log-mel frames as they are finished. `data` is frame-major [frames][128], log10(max(power, 1e-10)): the clip's
 *  dynamic floor and (x+4)/4 need the window's maximum and are applied by the voxtral process. */
export interface MelBlock {
  readonly utteranceId: string;
  /** 30 s window this block belongs to (0-based); each window is an independent spectrogram of 3000 frames. */
  readonly window: number;
  readonly startFrame: number;
  readonly frames: number;
  readonly data: Float32Array;
  /** Set on the last block: how many 16 kHz samples the utterance has. Frames never sent are silent (log10 1e-10). */
  readonly final?: { readonly samples: number };
  /**
   * Beside `final`: this is how the utterance would end if nothing more were said (R42). It changes nothing of what real
   * blocks build, and holds until the utterance's next block: a real end of as many samples is the same content.
   */
  readonly provisional?: true;
}

/** How the listener hears: what counts as voice, and which pauses mean something. */
export interface ListeningOptions {
  /** Speech probability from which on a frame of 32 ms counts as voice, in (0, 1). */
  readonly speechThreshold: number;
  /** Voice of this length is speech; anything shorter is a click or a cough. */
  readonly minSpeechMs: number;
  /** A pause this long inside an utterance is reported, so that the models can use it. */
  readonly microPauseMs: number;
  /** The pause that ends speech lies between these two, where the speaker's own pauses put it. */
  readonly minEndPauseMs: number;
  readonly maxEndPauseMs: number;
  /** False: always `minEndPauseMs`. */
  readonly adaptive: boolean;
}

export const defaultListening: ListeningOptions = {
  speechThreshold: 0.5,
  minSpeechMs: 96,
  microPauseMs: 120,
  minEndPauseMs: 500,
  maxEndPauseMs: 1500,
  adaptive: true,
};

/**
 * What the microphone's sound says about speech. Sample positions count 16 kHz samples since the listener started and
 * are exact; `…AtMs` is when the sample was heard, estimated from the arrival of its block.
 */
export type VoiceActivity =
  /** `minSpeechMs` of voice were heard, beginning at `startSample`. */
  | { readonly type: "started"; readonly startSample: number; readonly startedAtMs: number }
  /**
   * `microPauseMs` without voice since `endSample`. With an utterance open that trims its silence and has voice, its
   * provisional end has just been sent as mel, and `samples` is how long it would be if it ended here; otherwise
   * `utteranceId` is null and `samples` 0. No mel of that utterance follows but after `resumed`, or from its end.
   */
  | {
      readonly type: "paused";
      readonly utteranceId: string | null;
      readonly samples: number;
      readonly endSample: number;
      readonly endedAtMs: number;
      /** After how much pause this speech would end by itself, in all. */
      readonly endPauseMs: number;
    }
  /** Voice again, before the speech or its utterance had ended: what was made of the pause is void. */
  | { readonly type: "resumed"; readonly utteranceId: string | null; readonly pauseMs: number }
  /**
   * The pause lasted for `endPauseMs`: the speaker has finished. In noise that may be voice there is no `paused` before it,
   * and the pause is `maxEndPauseMs`.
   */
  | {
      readonly type: "ended";
      readonly utteranceId: string | null;
      readonly endSample: number;
      readonly endedAtMs: number;
      readonly pauseMs: number;
      /** How much voice the speech had, pauses left out. */
      readonly voicedMs: number;
    };

export interface DecodedAudio {
  /** 16 kHz mono. */
  readonly samples: Float32Array;
  readonly sourceRateHz: number;
  readonly sourceChannels: number;
  readonly durationMs: number;
  readonly peak: number;
  readonly rms: number;
  /** Sentences about what was repaired: truncated data, NaN samples, odd rates. */
  readonly warnings: readonly string[];
}

export interface UtteranceSummary {
  readonly utteranceId: string;
  /** 16 kHz samples including the pre-roll, less what was trimmed. */
  readonly samples: number;
  /** Silence left out at the end (see `trimSilence`). */
  readonly trimmedSamples: number;
  /** How much of it is voice; 0 when nothing was said, and when the voice detector has not been loaded. */
  readonly voicedMs: number;
  readonly preRollSamples: number;
  readonly peak: number;
  readonly rms: number;
  /** Work that was left after the last sample. */
  readonly melSpan: Span;
}

export interface ListenerService {
  calls: {
    /** Decodes a wav (path or bytes) to 16 kHz mono. Errors: bad-audio, audio-too-long, file-unreadable. */
    decode: {
      params: {
        readonly source: { readonly path: string } | { readonly bytes: Uint8Array };
        readonly maxDurationMs: number;
      };
      result: DecodedAudio;
    };
    /** Sets how voice is heard from now on. Loads the voice detector the first time; `silero`, or `energy` and why. */
    configure: {
      params: ListeningOptions;
      result: { readonly detector: "silero" | "energy"; readonly reason: string | null };
    };
    /**
     * Opens an utterance; the newest `preRollMs` of the ring become its first samples, or everything from `fromSample` on
     * as far as the ring reaches back. With `trimSilence` it ends `microPauseMs` after its last voice, however late it is
     * ended: what comes after that pause changes nothing, so work done during the pause stays right (R42).
     */
    begin: {
      params: {
        readonly utteranceId: string;
        readonly preRollMs: number;
        readonly fromSample?: number;
        readonly trimSilence?: boolean;
      };
      result: { readonly preRollSamples: number };
    };
    /** Closes it: emits the final mel block as an event, then answers. `discard` drops it without mel. */
    end: {
      params: { readonly utteranceId: string; readonly discard?: boolean };
      result: UtteranceSummary;
    };
    /** The utterance's 16 kHz samples, kept until `forget`. */
    audio: { params: { readonly utteranceId: string }; result: Float32Array };
    /** Recomputes and emits all mel blocks of stored or given samples (after a restart of voxtral). */
    replay: {
      params: { readonly utteranceId: string; readonly samples: Float32Array };
      result: UtteranceSummary;
    };
  };
  streams: Record<never, never>;
  notices: {
    /** Microphone audio, always flowing while armed: fills the ring and the open utterance, if any. */
    push: { readonly samples: Float32Array; readonly sampleRateHz: number };
    forget: { readonly utteranceId: string };
    /** What the words so far say about whether the speaker has finished: 0 surely not, 0.5 no idea, 1 surely. */
    hint: { readonly utteranceId: string; readonly completeness: number };
  };
  events: {
    mel: MelBlock;
    /** About every 32 ms of audio while audio flows: RMS, peak and speech probability (0 without a detector) in [0, 1]. */
    level: { readonly rms: number; readonly peak: number; readonly speech: number };
    voice: VoiceActivity;
  };
}

// --- voxtral: mel + prompt → tokens ------------------------------------------------------------------------

export type UserContent =
  | {
      readonly type: "audio";
      readonly utteranceId: string;
      readonly samples: number;
      /** What was said, once that is known: stands for the sound when the conversation has become long. */
      readonly transcript?: string;
    }
  | { readonly type: "text"; readonly text: string };

export type PromptTurn =
  | { readonly role: "user"; readonly content: readonly UserContent[] }
  /** A reply: the ids that were generated, kept only as far as they were heard, or plain text from a history. */
  | { readonly role: "assistant"; readonly tokenIds: readonly number[] }
  | { readonly role: "assistant"; readonly text: string };

export type Prompt =
  | {
      readonly kind: "chat";
      /** Spoken style, persona: goes as text into the first user turn. Empty for none. */
      readonly instructions: string;
      readonly turns: readonly PromptTurn[];
      /**
       * Old turns make room as soon as they would slow the answer down, not only once the context is full (decision 0009).
       * For whoever tells the words of old speech in later prompts: what has no words is forgotten then.
       */
      readonly staysBrief?: boolean;
    }
  | {
      readonly kind: "transcribe";
      readonly utteranceId: string;
      readonly samples: number;
      /** ISO 639-1 code; absent lets the model find out. */
      readonly language?: string;
    };

export interface Sampling {
  /** 0 is greedy. */
  readonly temperature: number;
  /** 0 for off. */
  readonly topK: number;
  /** 1 for off. */
  readonly topP: number;
  /** 0 for off. */
  readonly minP: number;
  /** 1 for off. */
  readonly repetitionPenalty: number;
  /** Makes sampling repeatable. */
  readonly seed?: number;
}

export const greedy: Sampling = { temperature: 0, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1 };

export type GenerationPart =
  | {
      readonly type: "prefilled";
      /** Prompt positions that had to be computed, and those taken from the cache. */
      readonly prefillTokens: number;
      readonly reusedTokens: number;
      /** Turns dropped from the front to stay within the context budget. */
      readonly droppedTurns: number;
      /** `encode` (one a window; absent when the embeddings were cached) and `prefill`. */
      readonly spans: readonly Span[];
    }
  | {
      readonly type: "token";
      readonly index: number;
      readonly id: number;
      /** Text that became certain with this token: may be empty while a UTF-8 character is incomplete. */
      readonly text: string;
      readonly atMs: number;
      readonly span: Span;
    }
  | {
      readonly type: "finished";
      readonly reason: "end" | "length" | "context";
      readonly tokenIds: readonly number[];
      /** Text held back by the detokeniser (an incomplete character becomes U+FFFD here, never earlier). */
      readonly text: string;
    };

export interface VoxtralInfo extends LoadResult {
  readonly contextLimit: number;
  readonly kvDtype: string;
  /** Whether the KV cache stays on the device between steps. */
  readonly kvOnDevice: boolean;
  /** Pieces in which the audio encoder runs, to be abandoned between two; 1 with the reason when it runs as a whole. */
  readonly encoderPieces: { readonly count: number; readonly wholeBecause?: string };
  /** What was changed about the decoder's graph (docs/decisions/0013); with a reason when it runs as it is. */
  readonly decoderTuning: { readonly changes: readonly string[]; readonly asItIsBecause?: string };
}

export interface VoxtralService {
  calls: {
    load: { params: LoadParams; result: VoxtralInfo };
    /** Brings the KV cache up to everything of the prompt that is known before its (last, still open) audio. */
    prepare: {
      params: { readonly prompt: Prompt };
      result: { readonly prefillTokens: number; readonly reusedTokens: number };
    };
    /** Token ids of plain text (control ids never come out of it). */
    tokenize: { params: { readonly text: string }; result: readonly number[] };
    /** Ids whose text covers at most the first `characters` of the reply: what was heard of it. */
    cut: {
      params: { readonly tokenIds: readonly number[]; readonly characters: number };
      result: readonly number[];
    };
  };
  streams: {
    /** Exactly one `prefilled`, then tokens, then exactly one `finished`. Cancelling stops before the next step.
     *  `speculative`: made for the provisional end of an open utterance; encoder and prefill run in pieces, so that
     *  cancelling takes one piece at most.
     *  Errors: audio-missing (details: utteranceIds), context-full, bad-input, model-*. */
    generate: {
      params: {
        readonly turnId: string;
        readonly prompt: Prompt;
        readonly sampling: Sampling;
        readonly maxNewTokens: number;
        /** Ids of this reply that came from a process which ended then: it goes on after them, and none comes again. */
        readonly said?: readonly number[];
        readonly speculative?: boolean;
      };
      part: GenerationPart;
    };
  };
  notices: {
    mel: MelBlock;
    /** Drops mel and embeddings of these utterances. */
    forget: { readonly utteranceIds: readonly string[] };
  };
  events: Record<never, never>;
}

// --- kokoro: text → speech -----------------------------------------------------------------------------------

export interface SpeechPart {
  /** 24 kHz mono in [-1, 1]: silence trimmed at both ends, the pause its punctuation asks for added at the end. */
  readonly pcm: Float32Array;
  readonly sampleRateHz: number;
  readonly text: string;
  readonly phonemes: string;
  readonly phonemeTokens: number;
  readonly words: readonly TimedWord[];
  /** Samples of silence removed before and after, and of pause added. */
  readonly trimmed: { readonly leading: number; readonly trailing: number; readonly pause: number };
  /** `phonemes` and `synthesis`. */
  readonly spans: readonly Span[];
}

export interface KokoroInfo extends LoadResult {
  readonly voices: readonly string[];
  readonly sampleRateHz: number;
}

export interface KokoroService {
  calls: {
    load: { params: LoadParams & { readonly voicesDir?: string }; result: KokoroInfo };
    /** Phonemes of `text` in the voice's language. */
    phonemize: {
      params: { readonly text: string; readonly voice: string };
      result: { readonly phonemes: string; readonly tokens: number };
    };
    /** The language of a reply that begins with `text`; `expected` unless its words clearly say otherwise (R25). */
    language: {
      params: { readonly text: string; readonly expected: SharedLanguage };
      result: SharedLanguage;
    };
  };
  streams: {
    /** One part a synthesis run; more than one only when the text exceeds Kokoro's 510 phonemes.
     *  `isLast` says that nothing of the reply follows (no pause is added). Errors: voice-unknown, bad-input. */
    synthesize: {
      params: {
        readonly text: string;
        readonly voice: string;
        /** 0.5 to 2; 1 is the voice's own pace. */
        readonly speed: number;
        readonly isLast: boolean;
      };
      part: SpeechPart;
    };
  };
  notices: Record<never, never>;
  events: Record<never, never>;
}
