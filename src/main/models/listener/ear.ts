import { LISTEN_RATE_HZ } from "../../../shared/audio.ts";
import { AppError } from "../../../shared/errors.ts";
import type { ListenerService, ListeningOptions } from "../services.ts";
import { FRAME_SAMPLES, FrameCutter, measureLoudness, SLICE_SAMPLES, type Frame } from "./frames.ts";
import { measureLevel } from "./level.ts";
import { NoiseFloor } from "./noise-floor.ts";
import { SampleRing } from "./ring.ts";
import { EnergyDetector, type VoiceDetector } from "./vad.ts";
import { VoiceTracker, type VoiceChange } from "./voice-activity.ts";
import { isClearlySilent, judgeFrame, type HeardFrame } from "./voice-judgement.ts";

/** How far back an utterance can begin. */
const RING_SAMPLES = 5 * LISTEN_RATE_HZ;

/** About a second. */
const SPEAKER_FRAMES = 31;

export interface EarOptions {
  /** Loads the voice detector. Where it throws, loudness has to do. */
  readonly loadDetector: () => Promise<VoiceDetector>;
  readonly onLevel: (level: ListenerService["events"]["level"]) => void;
  /** Each frame once there is a detector, and what it changes. */
  readonly onFrame: (frame: HeardFrame, changes: readonly VoiceChange[]) => void;
  /** A pause that is told before the frame is complete in which it became one. */
  readonly onPause: (changes: readonly VoiceChange[]) => void;
}

type Configured = ListenerService["calls"]["configure"]["result"];

/** The microphone's endless stream: its newest samples, and what the voice detector makes of them. */
export class Ear implements Disposable {
  readonly #options: EarOptions;
  readonly #ring = new SampleRing(RING_SAMPLES);
  readonly #cutter = new FrameCutter();
  readonly #floor = new NoiseFloor();
  /** How far voice stood out of the background, by frame; -Infinity where there was none. */
  readonly #speaker: number[] = [];
  /** Judged frames as far back as the ring reaches. */
  readonly #heard: HeardFrame[] = [];
  #tracker: VoiceTracker | undefined;
  #detector: VoiceDetector | undefined;
  #loading: Promise<Configured> | undefined;
  /** Frames are judged one after the other; settles with the newest. Never rejects. */
  #judging: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  constructor(options: EarOptions) {
    this.#options = options;
  }

  /** Position of the next sample of the stream. */
  get position(): number {
    return this.#ring.written;
  }

  /** Undefined until `configure` has loaded a detector. */
  get tracker(): VoiceTracker | undefined {
    return this.#tracker;
  }

  /** A copy of what was heard from `position` on, as far as the ring reaches back. */
  since(position: number): Float32Array {
    return this.#ring.newest(Math.max(0, this.position - position));
  }

  /** Judged frames, oldest first; a few seconds of them. */
  get heard(): readonly HeardFrame[] {
    return this.#heard;
  }

  /** The most that voice of the last second stood out of the background, in dB. */
  get speakerDb(): number {
    return Math.max(-Infinity, ...this.#speaker);
  }

  /** Hears by these options from now on; the first time, the detector is loaded. */
  async configure(options: ListeningOptions): Promise<Configured> {
    this.#loading ??= this.#load();
    const loaded = await this.#loading;
    if (this.#tracker) this.#tracker.configure(options);
    else this.#tracker = new VoiceTracker(options);
    return loaded;
  }

  /** 16 kHz mono. */
  push(samples: Float32Array): void {
    this.#ring.push(samples);
    for (const frame of this.#cutter.push(samples)) {
      // Without a detector nothing is waited for.
      if (this.#tracker) void this.#next(() => this.#judge(frame));
      else this.#options.onLevel({ ...measureLevel(frame.samples), speech: 0 });
    }
    const rest = this.#cutter.rest();
    const whole = rest.subarray(0, rest.length - (rest.length % SLICE_SAMPLES));
    const endSample = this.position - (rest.length % SLICE_SAMPLES);
    if (this.#tracker && whole.length > 0) void this.#next(async () => this.#glance(whole, endSample));
  }

  /**
   * Resolves when everything pushed so far is judged: whether what is left of an incomplete frame, with `tail` after it, may
   * be voice. Takes one run of the detector when it has kept up.
   */
  settle(tail: Float32Array): Promise<boolean> {
    const rest = this.#cutter.rest();
    const samples = new Float32Array(rest.length + tail.length);
    samples.set(rest);
    samples.set(tail, rest.length);
    return this.#next(async () => {
      if (!this.#tracker || samples.length === 0) return false;
      const excessDb = measureLoudness(samples).slices.map((slice) => this.#floor.excessDb(slice));
      const probability = await this.#ask((detector) => detector.peek(samples, Math.max(...excessDb)));
      const { speakerDb } = this;
      return judgeFrame({ endSample: this.position, probability, excessDb, speakerDb }).mayBeVoice;
    });
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    // Not in the middle of a run; a session that cannot be released goes with the process.
    void this.#next(async () => this.#detector?.[Symbol.asyncDispose]());
  }

  async #load(): Promise<Configured> {
    try {
      this.#detector = await this.#options.loadDetector();
      return { detector: this.#detector.name, reason: null };
    } catch (error) {
      this.#detector = new EnergyDetector();
      return byLoudness(error);
    }
  }

  #next<T>(job: () => Promise<T>): Promise<T> {
    const result = this.#judging.then(job);
    // Whoever asked is told of a failure; the next frame is judged all the same.
    this.#judging = Promise.allSettled([result]);
    return result;
  }

  #glance(samples: Float32Array, endSample: number): void {
    if (this.#isClosed || !this.#tracker) return;
    const excessDb = measureLoudness(samples).slices.map((slice) => this.#floor.excessDb(slice));
    if (!isClearlySilent(excessDb, this.speakerDb)) return;
    const changes = this.#tracker.glance(endSample);
    if (changes.length > 0) this.#options.onPause(changes);
  }

  async #judge({ samples, endSample }: Frame): Promise<void> {
    const tracker = this.#tracker;
    if (this.#isClosed || !tracker) return;
    const { rms, peak, sound, slices } = measureLoudness(samples);
    const excessDb = slices.map((slice) => this.#floor.excessDb(slice));
    this.#floor.push(sound);
    const loudestDb = Math.max(...excessDb);
    const probability = await this.#ask((detector) => detector.judge(samples, loudestDb));
    const heard = judgeFrame({ endSample, probability, excessDb, speakerDb: this.speakerDb });
    this.#speaker.push(heard.isVoice ? loudestDb : -Infinity);
    if (this.#speaker.length > SPEAKER_FRAMES) this.#speaker.shift();
    this.#heard.push(heard);
    if (this.#heard.length > RING_SAMPLES / FRAME_SAMPLES) this.#heard.shift();
    this.#options.onLevel({ rms, peak, speech: probability });
    this.#options.onFrame(heard, tracker.hear(heard));
  }

  /** A model that fails while running is given up for good: the microphone must not go deaf with it. */
  async #ask(question: (detector: VoiceDetector) => Promise<number>): Promise<number> {
    try {
      return await question(this.#detector ?? (this.#detector = new EnergyDetector()));
    } catch (error) {
      // Not released: what cannot run may not end either. Its few megabytes go with the process.
      this.#detector = new EnergyDetector();
      this.#loading = Promise.resolve(byLoudness(error));
      console.error("The voice detector failed; loudness decides from now on.", error);
      return question(this.#detector);
    }
  }
}

function byLoudness(cause: unknown): Configured {
  return {
    detector: "energy",
    reason: `Voice is told by its loudness alone. ${AppError.from(cause).message}`,
  };
}
