import { GraphWriter } from "./graph-writer.ts";

/** Sizes that are all the same: style vectors and symbols of Kokoro (config.json of hexgrad/Kokoro-82M). */
const STYLE = 256;
const SYMBOLS = 178;
/** Frames of 25 ms that a symbol lasts at speed 1: about 13 symbols a second. */
const FRAMES_A_SYMBOL = 3;
/** Samples of a frame come from these upsamplings: 2 · 10 · 6, and 5 samples of each step. */
const HOP = 5;

/** Channels as in Kokoro at 1; smaller for tests. */
export interface SpeechScale {
  readonly width: number;
}

/**
 * A graph with Kokoro's inputs, outputs and cost profile: a shared transformer over the symbols (PL-BERT: 12 passes of one
 * layer), a convolutional decoder at 80 Hz and iSTFTNet's generator at 800 and 4 800 Hz, which takes most of the time
 * (Kaneko et al. 2022; kernels and channels of Kokoro's config.json). What it says is noise.
 */
export function writeSpeech(path: string, { width }: SpeechScale, seed: string): number {
  const channels = (count: number): number => Math.max(8, Math.round((count * width) / 8) * 8);
  const [bert, wide, text] = [channels(768), channels(1024), channels(512)];
  const graph = new GraphWriter(path, seed);
  const ids = graph.input("input_ids", "int64", [1, "sequence_length"]);
  const style = graph.input("style", "float32", [1, STYLE]);
  const speed = graph.input("speed", "float32", [1]);
  // Kokoro comes in one file.
  const weights = (name: string, dims: readonly number[], inputs: number): string =>
    graph.randomFloats(name, dims, 1 / Math.sqrt(inputs), null);
  const linear = (name: string, x: string, k: number, n: number): string =>
    graph.node("MatMul", [x, weights(name, [k, n], k)]);

  let x = graph.node("Gather", [weights("embedding", [SYMBOLS, bert], 1), ids], { axis: 0 });
  const layer = transformerLayer(graph, bert, channels(2048), weights);
  for (let pass = 0; pass < 12; pass++) x = layer(x);
  x = graph.node("Add", [linear("bert_encoder", x, bert, text), linear("style_fc", style, STYLE, text)]);
  x = stretched(graph, graph.node("Transpose", [x], { perm: [0, 2, 1] }), speed, text);

  const conv = (
    name: string,
    from: string,
    input: number,
    output: number,
    kernel: number,
    dilation = 1,
  ): string =>
    graph.node("Conv", [from, weights(`${name}.weight`, [output, input, kernel], input * kernel)], {
      kernel_shape: [kernel],
      dilations: [dilation],
      pads: [((kernel - 1) / 2) * dilation, ((kernel - 1) / 2) * dilation],
    });
  const active = (from: string): string => graph.node("LeakyRelu", [from], { alpha: { float: 0.1 } });
  const up = (name: string, from: string, input: number, output: number, stride: number): string =>
    graph.node(
      "ConvTranspose",
      [active(from), weights(`${name}.weight`, [input, output, 2 * stride], input * 2)],
      {
        kernel_shape: [2 * stride],
        strides: [stride],
        pads: [stride / 2, stride / 2],
      },
    );
  x = up("decoder.up", x, text, wide, 2);
  for (let block = 0; block < 4; block++) {
    const inner = conv(`decoder.${block}.1`, active(x), wide, wide, 3);
    x = graph.node("Add", [x, conv(`decoder.${block}.2`, active(inner), wide, wide, 3)]);
  }
  let size = wide;
  for (const [stage, stride, next] of [
    [0, 10, channels(256)],
    [1, 6, channels(128)],
  ] as const) {
    x = up(`ups.${stage}`, x, size, next, stride);
    size = next;
    for (const kernel of [3, 7, 11]) {
      for (const dilation of [1, 3, 5]) {
        const name = `resblocks.${stage}.${kernel}.${dilation}`;
        const inner = conv(`${name}.1`, active(x), size, size, kernel, dilation);
        const change = conv(`${name}.2`, active(inner), size, size, kernel);
        x = graph.node("Add", [x, graph.node("Mul", [change, graph.scalar(0.3)])]);
      }
    }
  }
  const samples = graph.node("Tanh", [conv("conv_post", active(x), size, HOP, 7)]);
  const quiet = graph.node("Mul", [samples, graph.scalar(0.2)]);
  graph.node(
    "Reshape",
    [graph.node("Transpose", [quiet], { perm: [0, 2, 1] }), graph.integers([1, -1])],
    {},
    ["waveform"],
  );
  graph.output("waveform", "float32", [1, "num_samples"]);
  return graph.finish();
}

type Weights = (name: string, dims: readonly number[], inputs: number) => string;

/** One transformer layer, as a function: its weights are used by every pass. */
function transformerLayer(
  graph: GraphWriter,
  size: number,
  inner: number,
  weights: Weights,
): (x: string) => string {
  const names = ["query", "key", "value", "out"] as const;
  const square = Object.fromEntries(names.map((name) => [name, weights(name, [size, size], size)]));
  const widen = weights("ffn", [size, inner], size);
  const narrow = weights("ffn_output", [inner, size], inner);
  const ones = graph.filled("norm.weight", [size], () => 1, null);
  const product = (x: string, matrix: string): string => graph.node("MatMul", [x, matrix]);
  const norm = (x: string): string =>
    graph.node("LayerNormalization", [x, ones], { axis: -1, epsilon: { float: 1e-5 } });
  return (x) => {
    const query = graph.node("Mul", [product(x, square["query"]!), graph.scalar(size ** -0.5)]);
    const key = graph.node("Transpose", [product(x, square["key"]!)], { perm: [0, 2, 1] });
    const scores = graph.node("Softmax", [product(query, key)], { axis: -1 });
    const attended = product(product(scores, product(x, square["value"]!)), square["out"]!);
    const middle = norm(graph.node("Add", [x, attended]));
    const widened = graph.node("com.microsoft:Gelu", [product(middle, widen)]);
    return norm(graph.node("Add", [middle, product(widened, narrow)]));
  };
}

/** [1, channels, symbols] as [1, channels, frames]: each symbol lasts three frames, divided by the speed. */
function stretched(graph: GraphWriter, x: string, speed: string, channels: number): string {
  const symbols = graph.node("Gather", [graph.node("Shape", [x]), graph.integers([2])], { axis: 0 });
  const frames = graph.node("Mul", [
    graph.node("Cast", [symbols], { to: 1 }),
    graph.node("Div", [graph.scalar(FRAMES_A_SYMBOL), speed]),
  ]);
  const count = graph.node("Cast", [graph.node("Ceil", [frames])], { to: 7 });
  const sizes = graph.node("Concat", [graph.integers([1, channels]), count], { axis: 0 });
  return graph.node("Resize", [x, "", "", sizes], {
    mode: "nearest",
    coordinate_transformation_mode: "asymmetric",
    nearest_mode: "floor",
  });
}
