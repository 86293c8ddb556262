import { Tensor } from "onnxruntime-node";
import type { Graph, GraphRun } from "../onnx-session.ts";
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

/** The audio encoder with its projector: 30 s of log-mel → embeddings in the decoder's space. */
export class Encoder {
  readonly hiddenSize: number;
  readonly #graph: Graph;

  /** Throws AppError model-wrong when the graph is not a Voxtral encoder. */
  constructor(graph: Graph) {
    const input = graph.inputs.get("audio_values");
    const hiddenSize = graph.outputs.get("audio_features")?.shape.at(-1);
    if (!input || input.type !== "float32" || input.shape[1] !== MEL_BINS || typeof hiddenSize !== "number") {
      throw new AppError(
        "model-wrong",
        `${graph.path} is not Voxtral's audio encoder. Choose a Voxtral folder.`,
      );
    }
    this.#graph = graph;
    this.hiddenSize = hiddenSize;
  }

  /** `mel` is bin-major [128, 3000], normalised. */
  async encode(mel: Float32Array): Promise<EncodedWindow> {
    const feed = new Tensor("float32", mel, [1, MEL_BINS, WINDOW_FRAMES]);
    const run = await this.#graph.run({ audio_values: feed });
    return { features: toFloat32(floatsOf(run.outputs["audio_features"]!)), run };
  }

  /** Encodes silence, so that the first question finds its memory in place; tells how many positions a window takes. */
  async warmUp(): Promise<number> {
    // log10(1e-10) after (x + 4) / 4: what an empty window looks like.
    const { features } = await this.encode(new Float32Array(MEL_BINS * WINDOW_FRAMES).fill(-1.5));
    return features.length / this.hiddenSize;
  }
}
