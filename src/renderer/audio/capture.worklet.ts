import { CaptureBlocks, captureBlockSamples, LEVEL_BLOCKS } from "./capture-blocks.ts";
import { CAPTURE_PROCESSOR, type CaptureMessage } from "./capture-messages.ts";

/** The audio thread's side of the microphone: posts blocks for as long as it is connected. */
class CaptureProcessor extends AudioWorkletProcessor {
  readonly #blocks = new CaptureBlocks({
    blockSamples: captureBlockSamples(sampleRate),
    levelBlocks: LEVEL_BLOCKS,
    emit: (samples, level) => {
      const message: CaptureMessage = { samples, level };
      this.port.postMessage(message, [samples.buffer]);
    },
  });

  process(inputs: Float32Array[][]): boolean {
    const channels = inputs[0];
    if (channels && channels.length > 0) this.#blocks.push(channels);
    return true;
  }
}

registerProcessor(CAPTURE_PROCESSOR, CaptureProcessor);
