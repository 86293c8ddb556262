import { start } from "../../src/main/models/listener/service.ts";
import type { VoiceDetector } from "../../src/main/models/listener/vad.ts";
import type {
  ListenerService,
  ListeningOptions,
  MelBlock,
  UtteranceSummary,
  VoiceActivity,
} from "../../src/main/models/services.ts";
import { defaultListening } from "../../src/main/models/services.ts";
import { createPortPair } from "../../src/shared/ports/memory.ts";
import { connect, type RpcClient } from "../../src/shared/rpc.ts";
import { ManualClock } from "./manual-clock.ts";

const FRAME_SAMPLES = 512;

/** What the listener told, in its order. */
export type Heard =
  | { readonly type: "mel"; readonly block: MelBlock }
  | { readonly type: "voice"; readonly activity: VoiceActivity };

/** A real listener with a microphone of 16 kHz on a clock that goes by its samples. */
export class Microphone implements Disposable {
  readonly listener: RpcClient<ListenerService>;
  readonly log: Heard[] = [];
  readonly speech: number[] = [];
  readonly startedAtMs: number;
  readonly #clock = new ManualClock();
  readonly #cleanUp = new DisposableStack();
  #pushed = 0;

  private constructor(loadDetector?: () => Promise<VoiceDetector>) {
    const [ours, theirs] = createPortPair();
    this.startedAtMs = this.#clock.nowMs();
    this.#cleanUp.use(ours);
    this.#cleanUp.use(start(theirs, this.#clock, loadDetector));
    this.listener = this.#cleanUp.use(connect<ListenerService>(ours));
    this.listener.on("mel", (block) => this.log.push({ type: "mel", block }));
    this.listener.on("voice", (activity) => this.log.push({ type: "voice", activity }));
    this.listener.on("level", ({ speech }) => this.speech.push(speech));
  }

  /** As the listener starts: nobody has told it how to hear. */
  static unconfigured(): Microphone {
    return new Microphone();
  }

  /** Listening, with its voice detector loaded. */
  static async open(
    given: Partial<ListeningOptions> = {},
    loadDetector?: () => Promise<VoiceDetector>,
  ): Promise<Microphone> {
    const microphone = new Microphone(loadDetector);
    await microphone.listener.call("configure", { ...defaultListening, ...given });
    return microphone;
  }

  /** Position of the next sample. */
  get position(): number {
    return this.#pushed;
  }

  get voice(): VoiceActivity[] {
    return this.log.flatMap((heard) => (heard.type === "voice" ? [heard.activity] : []));
  }

  get pauses(): Extract<VoiceActivity, { type: "paused" }>[] {
    return this.voice.filter((activity) => activity.type === "paused");
  }

  get mel(): MelBlock[] {
    return this.log.flatMap((heard) => (heard.type === "mel" ? [heard.block] : []));
  }

  /** Sends blocks of `lengths` in turn, without waiting for what they lead to. */
  push(samples: Float32Array, lengths: readonly number[] = [320]): void {
    for (let at = 0, turn = 0; at < samples.length; turn++) {
      const block = samples.slice(at, at + lengths[turn % lengths.length]!);
      this.#clock.advance(block.length / 16);
      this.listener.notify("push", { samples: block, sampleRateHz: 16_000 });
      at += block.length;
    }
    this.#pushed += samples.length;
  }

  /** Sends them, and waits until every whole frame has been judged. */
  async hear(samples: Float32Array, lengths?: readonly number[]): Promise<void> {
    this.push(samples, lengths);
    while (this.speech.length < Math.floor(this.#pushed / FRAME_SAMPLES)) await new Promise(setImmediate);
  }

  /** Begins an utterance as hands-free and push-to-talk do. */
  async begin(utteranceId = "u", fromSample = this.#pushed): Promise<void> {
    await this.listener.call("begin", { utteranceId, preRollMs: 0, fromSample, trimSilence: true });
  }

  end(utteranceId = "u"): Promise<UtteranceSummary> {
    return this.listener.call("end", { utteranceId });
  }

  /** The utterance "u" from here on, ended after all of `sound`. */
  async ask(
    sound: Float32Array,
    lengths?: readonly number[],
  ): Promise<{ readonly summary: UtteranceSummary; readonly audio: Float32Array }> {
    await this.begin();
    await this.hear(sound, lengths);
    const summary = await this.end();
    return { summary, audio: await this.listener.call("audio", { utteranceId: "u" }) };
  }

  [Symbol.dispose](): void {
    this.#cleanUp.dispose();
  }
}
