/** Says how likely a frame of 32 ms is speech. Frames are given one after the other, each awaited. */
export interface VoiceDetector extends AsyncDisposable {
  readonly name: "silero" | "energy";
  /** The stream's next frame of 512 samples, which stands `excessDb` above the background. In [0, 1]. */
  judge(frame: Float32Array, excessDb: number): Promise<number>;
  /** What `judge` would say of up to 512 samples with silence after them; the stream goes on as if never asked. */
  peek(samples: Float32Array, excessDb: number): Promise<number>;
}

/** Half likely at this much above the background, in dB … */
const EVEN_EXCESS_DB = 12;
/** … and e times as likely as not for each of these more. */
const EXCESS_STEP_DB = 2;

/** Takes whatever is louder than the background for speech: for when Silero cannot be had. */
export class EnergyDetector implements VoiceDetector {
  readonly name = "energy";

  async judge(_frame: Float32Array, excessDb: number): Promise<number> {
    return 1 / (1 + Math.exp((EVEN_EXCESS_DB - excessDb) / EXCESS_STEP_DB));
  }

  async peek(samples: Float32Array, excessDb: number): Promise<number> {
    return this.judge(samples, excessDb);
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
