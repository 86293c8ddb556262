import type { FloatType } from "../../src/main/models/voxtral/floats.ts";
import { GraphWriter } from "./graph-writer.ts";
import { matMul } from "./quantized.ts";
import type { VoxtralScale } from "./scales.ts";

const MEL_BINS = 128;
const FRAMES = 3000;
/** After the second convolution's stride. */
const POSITIONS = FRAMES / 2;
/** Positions that the projector joins to one. */
const JOINED = 4;

/**
 * Whisper's encoder and Voxtral's projector with 4-bit weights: log-mel of 30 s in, 375 embeddings of the decoder's size out. Inputs and
 * outputs are those of `audio_encoder_q4.onnx` and its q4f16 sister, which computes in float16 between float32 ends.
 */
export function writeEncoder(
  path: string,
  scale: VoxtralScale,
  { seed, floatType }: { readonly seed: string; readonly floatType: FloatType },
): number {
  const { encoderLayers, encoderSize: size, encoderHeads: heads, hiddenSize } = scale;
  const graph = new GraphWriter(path, seed, floatType);
  const mel = graph.input("audio_values", "float32", ["batch_size", MEL_BINS, FRAMES]);
  const gelu = (x: string): string => graph.node("com.microsoft:Gelu", [x]);
  const conv = (name: string, x: string, from: number, stride: number): string => {
    const weights = graph.randomFloats(`${name}.weight`, [size, from, 3], 1 / Math.sqrt(3 * from));
    const bias = graph.filled(`${name}.bias`, [size], () => 0);
    return gelu(
      graph.node("Conv", [x, weights, bias], { kernel_shape: [3], strides: [stride], pads: [1, 1] }),
    );
  };
  const norm = (name: string, x: string): string =>
    graph.node(
      "LayerNormalization",
      [x, graph.filled(`${name}.weight`, [size], () => 1), graph.filled(`${name}.bias`, [size], () => 0)],
      { axis: -1, epsilon: { float: 1e-5 } },
    );
  const linear = (name: string, x: string, k: number, n: number): string =>
    graph.node("Add", [matMul(graph, x, { name, k, n }), graph.filled(`${name}.bias`, [n], () => 0)]);

  const conv1 = conv("conv1", graph.fromFloat32(mel), MEL_BINS, 1);
  const heard = graph.node("Transpose", [conv("conv2", conv1, size, 2)], { perm: [0, 2, 1] });
  let x = graph.node("Add", [heard, graph.randomFloats("embed_positions.weight", [POSITIONS, size], 0.1)]);
  const shape = graph.integers([0, 0, heads, size / heads]);
  const whole = graph.integers([0, 0, size]);
  for (let layer = 0; layer < encoderLayers; layer++) {
    const name = `layers.${layer}`;
    const normed = norm(`${name}.self_attn_layer_norm`, x);
    const split = (part: string, perm: readonly number[]): string => {
      const projected = linear(`${name}.${part}`, normed, size, size);
      return graph.node("Transpose", [graph.node("Reshape", [projected, shape])], { perm });
    };
    const query = graph.node("Mul", [split("q_proj", [0, 2, 1, 3]), graph.scalar((size / heads) ** -0.5)]);
    const scores = graph.node("MatMul", [query, split("k_proj", [0, 2, 3, 1])]);
    const mixed = graph.node("MatMul", [
      graph.node("Softmax", [scores], { axis: -1 }),
      split("v_proj", [0, 2, 1, 3]),
    ]);
    const joined = graph.node("Reshape", [graph.node("Transpose", [mixed], { perm: [0, 2, 1, 3] }), whole]);
    x = graph.node("Add", [x, linear(`${name}.out_proj`, joined, size, size)]);
    const inner = gelu(linear(`${name}.fc1`, norm(`${name}.final_layer_norm`, x), size, 4 * size));
    x = graph.node("Add", [x, linear(`${name}.fc2`, inner, 4 * size, size)]);
  }
  const rows = graph.node("Reshape", [norm("layer_norm", x), graph.integers([-1, JOINED * size])]);
  const projected = gelu(matMul(graph, rows, { name: "linear_1", k: JOINED * size, n: hiddenSize }));
  const features = matMul(graph, projected, { name: "linear_2", k: hiddenSize, n: hiddenSize });
  graph.toFloat32(features, "audio_features");
  graph.output("audio_features", "float32", ["num_audio_tokens", hiddenSize]);
  return graph.finish();
}
