/**
 * How soon and how well the listener hears voice, and what that costs: the recordings of samples/ in noise of several levels,
 * and noise alone.
 *
 *     node bench/voice.ts [--minutes 2] [--json FILE]
 */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { percentile } from "../src/shared/metrics.ts";
import { Microphone } from "../tests/support/microphone.ts";
import * as speech from "../tests/support/speech.ts";
import { describeMachine, versions } from "./machine.ts";

const { values } = parseArgs({
  options: { minutes: { type: "string", default: "2" }, json: { type: "string" } },
});
// Before onnxruntime is loaded, which only what follows does.
process.env["ORT_DISABLE_TELEMETRY"] = "1";
const { SileroDetector, sileroPath } = await import("../src/main/models/listener/silero.ts");
const machine = describeMachine();

/** Half and 95 % of these milliseconds, and the worst. */
const spread = (milliseconds: readonly number[]) => ({
  p50: Math.round(percentile(milliseconds, 0.5) * 1000) / 1000,
  p95: Math.round(percentile(milliseconds, 0.95) * 1000) / 1000,
  max: Math.round(Math.max(...milliseconds) * 1000) / 1000,
});

/** Milliseconds of audio from what was audible (above −40 dBFS) to the event that tells of it. */
async function delays(noiseDb: number) {
  const started: number[] = [];
  const paused: number[] = [];
  let starts = 0;
  for (const name of speech.questions) {
    using microphone = await Microphone.open();
    const said = speech.joined(speech.silence(1_500), speech.recording(name), speech.silence(1_500));
    const sound = speech.mixed(said, speech.whiteNoise(said.length, noiseDb));
    const { first, last } = speech.audible(said, -40);
    const heardAt = new Map<string, number>();
    for (let at = 0; at < sound.length; at += 320) {
      const before = microphone.voice.length;
      await microphone.hear(sound.slice(at, at + 320));
      // Of several pauses the last one counts.
      for (const { type } of microphone.voice.slice(before)) heardAt.set(type, microphone.position);
    }
    starts += microphone.voice.filter(({ type }) => type === "started").length;
    started.push(((heardAt.get("started") ?? Number.NaN) - first) / 16);
    paused.push(((heardAt.get("paused") ?? Number.NaN) - last) / 16);
  }
  return {
    noiseDb,
    questions: speech.questions.length,
    starts,
    startedMs: spread(started),
    pausedMs: spread(paused),
  };
}

/** Speech that is not there, in minutes of noise. */
async function falseStarts(name: string, noise: (samples: number, db: number) => Float32Array) {
  using microphone = await Microphone.open();
  const second = 16_000;
  const minute = noise(60 * second, -30);
  for (let i = 0; i < Number(values.minutes) * 60; i++) {
    const at = (i % 60) * second;
    await microphone.hear(minute.slice(at, at + second), [second]);
  }
  return { name, minutes: Number(values.minutes), starts: microphone.voice.length };
}

/** Milliseconds of one frame through the model, and of `end` right after the last block of a question. */
async function cost() {
  const frames: number[] = [];
  const silero = await SileroDetector.load(sileroPath());
  const noise = speech.whiteNoise(512, -30);
  for (let i = 0; i < 2_000; i++) {
    const startMs = performance.now();
    await silero.judge(noise);
    frames.push(performance.now() - startMs);
  }
  await silero[Symbol.asyncDispose]();
  const said = speech.joined(speech.silence(300), speech.words("biggest-planet"), speech.silence(300));
  const endMs = async (microphone: Microphone) => {
    const ends: number[] = [];
    for (let round = 0; round < 30; round++) {
      await microphone.begin(`u${round}`);
      await microphone.hear(said.slice(0, -320));
      microphone.push(said.slice(-320));
      const startMs = performance.now();
      await microphone.end(`u${round}`);
      ends.push(performance.now() - startMs);
    }
    return spread(ends);
  };
  using silent = Microphone.unconfigured();
  using listening = await Microphone.open();
  return {
    frameMs: spread(frames),
    endMs: await endMs(listening),
    endWithoutDetectorMs: await endMs(silent),
  };
}

const report = {
  machine,
  versions: versions(fileURLToPath(new URL("../", import.meta.url)), [
    "onnxruntime-node",
    "@ricky0123/vad-web",
  ]),
  cost: await cost(),
  delays: [await delays(-200), await delays(-60), await delays(-50), await delays(-40)],
  falseStarts: [
    await falseStarts("fan", speech.fanNoise),
    await falseStarts("music", speech.music),
    await falseStarts("white noise", speech.whiteNoise),
  ],
};
console.log(JSON.stringify(report, null, 2));
if (values.json) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);
