import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { Tensor } from "onnxruntime-node";
import { LISTEN_RATE_HZ } from "../../../shared/audio.ts";
import { openGraph, type Graph } from "../onnx-session.ts";
import { FRAME_SAMPLES } from "./frames.ts";
import type { VoiceDetector } from "./vad.ts";

/** Samples of the frame before that Silero (since v5) wants to see in front of each frame at 16 kHz. */
const CONTEXT_SAMPLES = 64;
const STATE_SHAPE = [2, 1, 128];
const STATE_LENGTH = 2 * 1 * 128;

/**
 * Where `@ricky0123/vad-web` keeps Silero's fifth model: quicker at both ends of speech than the sixth, and it hears whispers
 * that the sixth misses. Throws when the package is not installed.
 */
export function sileroPath(): string {
  // Its entry is dist/index.js. Resolved, not relative, so that it holds in out/ and in a packaged app.
  return fileURLToPath(new URL("silero_vad_v5.onnx", import.meta.resolve("@ricky0123/vad-web")));
}

/**
 * Silero VAD, a recurrent network of 2 MB (Silero Team 2021, Silero VAD: pre-trained enterprise-grade voice activity
 * detector). One run takes about 0.2 ms of one core.
 */
export class SileroDetector implements VoiceDetector {
  readonly name = "silero";
  readonly #graph: Graph;
  readonly #rate = new Tensor("int64", BigInt64Array.of(BigInt(LISTEN_RATE_HZ)), []);
  #state: Tensor = new Tensor("float32", new Float32Array(STATE_LENGTH), STATE_SHAPE);
  #context = new Float32Array(CONTEXT_SAMPLES);

  private constructor(graph: Graph) {
    this.#graph = graph;
  }

  /** Loads the model at `path`. Throws model-missing, model-corrupt, out-of-memory. */
  static async load(path: string): Promise<SileroDetector> {
    // As bytes: in a packaged app the file lies in an archive that only Node's own functions can see into.
    const modelFor = (): Promise<Uint8Array> => readFile(path);
    const detector = new SileroDetector(await openGraph(path, { provider: "cpu", threads: 1, modelFor }));
    // The first run allocates; it is no frame's business to wait for that. A model of another shape fails here.
    await detector.peek(new Float32Array(FRAME_SAMPLES));
    return detector;
  }

  async judge(frame: Float32Array): Promise<number> {
    const { probability, state } = await this.#run(frame);
    this.#state = state;
    this.#context = frame.slice(-CONTEXT_SAMPLES);
    return probability;
  }

  async peek(samples: Float32Array): Promise<number> {
    const frame = new Float32Array(FRAME_SAMPLES);
    frame.set(samples.subarray(0, FRAME_SAMPLES));
    return (await this.#run(frame)).probability;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#graph.release();
  }

  async #run(frame: Float32Array): Promise<{ probability: number; state: Tensor }> {
    const input = new Float32Array(CONTEXT_SAMPLES + FRAME_SAMPLES);
    input.set(this.#context);
    input.set(frame, CONTEXT_SAMPLES);
    const { outputs } = await this.#graph.run({
      input: new Tensor("float32", input, [1, input.length]),
      state: this.#state,
      sr: this.#rate,
    });
    return { probability: Number(outputs["output"]!.data[0]), state: outputs["stateN"]! };
  }
}
