import { Tensor } from "onnxruntime-node";
import { afterAll, beforeAll, expect, test } from "vitest";
import golden from "../../../../tests/golden/kokoro/golden.json" with { type: "json" };
import { findVoice } from "../../../shared/voices.ts";
import { openGraph } from "../onnx-session.ts";
import type { Graph } from "../onnx-session.ts";
import { findSpeech } from "./silence.ts";
import { lengthBuckets, Synthesizer } from "./synthesizer.ts";
import { VoiceStyles } from "./voice-styles.ts";

const modelDir = "resources/models/nano/kokoro";
const styles = VoiceStyles.besides(modelDir);
let graph: Graph;

beforeAll(async () => {
  graph = await openGraph(`${modelDir}/onnx/model.onnx`, { provider: "cpu", threads: 1 });
});

afterAll(() => graph.release());

const styleOf = ({ voice, style_row }: { voice: string; style_row: number }): Float32Array =>
  styles.row(findVoice(voice)!, style_row);

test.each(golden.items)("R2 raw samples equal the golden: $voice, $text", async (item) => {
  const { pcm } = await new Synthesizer(graph).run(item.input_ids, styleOf(item), item.speed);
  expect(pcm).toHaveLength(item.samples);
});

test.each(golden.items)("R45 a bucket changes the speech by at most 3 %: $voice, $text", async (item) => {
  const exact = await new Synthesizer(graph).run(item.input_ids, styleOf(item), item.speed);
  const bucketed = await new Synthesizer(graph, lengthBuckets).run(item.input_ids, styleOf(item), item.speed);
  expect(bucketed.pcm.length).toBeGreaterThan(exact.pcm.length);
  const [a, b] = [exact, bucketed].map(({ pcm }) => findSpeech(pcm).bounds);
  const lengths = [a!.end - a!.start, b!.end - b!.start];
  expect(Math.abs(lengths[0]! - lengths[1]!) / lengths[0]!).toBeLessThan(0.03);
});

test.each([Number.NaN, Number.POSITIVE_INFINITY])(
  "R62 output with %d is reported, not played",
  async (value) => {
    const broken: Graph = {
      ...graph,
      provider: "webgpu",
      run: () => {
        const waveform = new Tensor("float32", Float32Array.of(0, 0.5, value), [1, 3]);
        return Promise.resolve({ outputs: { waveform }, startMs: 0, endMs: 1, sessionMs: 1 });
      },
    };
    await expect(new Synthesizer(broken).run([0, 43, 0], new Float32Array(256), 1)).rejects.toMatchObject({
      code: "internal",
      message: expect.stringContaining("webgpu") as string,
    });
  },
);

test("R45 lengths that cost compilation are bucketed and warmed on graphics devices only", async () => {
  const lengths: number[] = [];
  const recording = (provider: Graph["provider"]): Graph => ({
    ...graph,
    provider,
    run: (feeds, fetches) => {
      lengths.push(feeds["input_ids"]!.dims[1]!);
      return graph.run(feeds, fetches);
    },
  });
  const style = styles.row(findVoice("af_heart")!, 0);
  await new Synthesizer(recording("cuda")).warmUp(style);
  await new Synthesizer(recording("cuda")).run([0, 43, 43, 0], style, 1);
  expect(lengths).toEqual([32, 64, 96, 128, 192, 32]);
  await new Synthesizer(recording("cpu")).run([0, 43, 43, 0], style, 1);
  expect(lengths.at(-1)).toBe(4);
});
