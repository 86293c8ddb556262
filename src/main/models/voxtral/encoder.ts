import { Tensor } from "onnxruntime-node";
import type { GraphRun, OpenOptions, TensorInfo } from "../onnx-session.ts";
import type { VoxtralInfo } from "../services.ts";
import { openSplitGraph } from "../split-graph.ts";
import type { SplitGraph, SplitRunOptions } from "../split-graph.ts";
import { AppError } from "../../../shared/errors.ts";
import { floatsOf, toFloat32 } from "./floats.ts";

/** Mel bins × frames of one 30 s window (preprocessor_config.json; the encoder accepts no other). */
const MEL_BINS = 128;
const WINDOW_FRAMES = 3000;

export interface EncodedWindow {
  /** [windowPositions × hiddenSize] float32. */
  readonly features: Float32Array;
  readonly run: GraphRun;
}

/** What the encoder takes: one window, bin-major. */
const MEL: TensorInfo = { name: "audio_values", type: "float32", shape: [1, MEL_BINS, WINDOW_FRAMES] };

/** The audio encoder with its projector: 30 s of log-mel → embeddings in the decoder's space. */
export class Encoder {
  readonly hiddenSize: number;
  readonly graph: SplitGraph;

  private constructor(graph: SplitGraph, hiddenSize: number) {
    this.graph = graph;
    this.hiddenSize = hiddenSize;
  }

  /** Opens a graph file. Throws AppError model-wrong when it is not a Voxtral encoder, and as `openGraph`. */
  static async open(path: string, options: OpenOptions): Promise<Encoder> {
    const graph = await openSplitGraph(path, options, [MEL]);
    const input = graph.inputs.get(MEL.name);
    const hiddenSize = graph.outputs.get("audio_features")?.shape.at(-1);
    if (!input || input.type !== "float32" || input.shape[1] !== MEL_BINS || typeof hiddenSize !== "number") {
      await graph.release();
      throw new AppError("model-wrong", `${path} is not Voxtral's audio encoder. Choose a Voxtral folder.`);
    }
    return new Encoder(graph, hiddenSize);
  }

  /** See VoxtralInfo. */
  get pieces(): VoxtralInfo["encoderPieces"] {
    const { pieceCount: count, wholeBecause } = this.graph;
    return wholeBecause === undefined ? { count } : { count, wholeBecause };
  }

  /**
   * `mel` is bin-major [128, 3000], normalised. With a signal, messages get through between pieces, and when it has been
   * aborted the rest is not computed: throws AppError cancelled.
   */
  async encode(
    mel: Float32Array,
    signal?: AbortSignal,
    onPiece?: SplitRunOptions["onPiece"],
  ): Promise<EncodedWindow> {
    const feed = new Tensor("float32", mel, [1, MEL_BINS, WINDOW_FRAMES]);
    const run = await this.graph.run(
      { [MEL.name]: feed },
      { ...(signal ? { signal } : {}), ...(onPiece ? { onPiece } : {}) },
    );
    return { features: toFloat32(floatsOf(run.outputs["audio_features"]!)), run };
  }

  /** Encodes silence, so that the first question finds its memory in place; tells how many positions a window takes. */
  async warmUp(): Promise<number> {
    // log10(1e-10) after (x + 4) / 4: what an empty window looks like.
    const silence = new Float32Array(MEL_BINS * WINDOW_FRAMES).fill(-1.5);
    const { features } = await this.encode(silence);
    return features.length / this.hiddenSize;
  }
}
