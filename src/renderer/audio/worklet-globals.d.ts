/** The part of AudioWorkletGlobalScope used here; TypeScript's DOM library describes only the page's side. */
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}
declare function registerProcessor(
  name: string,
  processor: new (options: { processorOptions: never }) => AudioWorkletProcessor & {
    process(inputs: Float32Array[][], outputs: Float32Array[][]): boolean;
  },
): void;
declare const currentFrame: number;
declare const sampleRate: number;
