import { LISTEN_RATE_HZ } from "../../../shared/audio.ts";
import { systemClock, type Clock } from "../../../shared/clock.ts";
import { AppError } from "../../../shared/errors.ts";
import type { Port } from "../../../shared/port.ts";
import { serve } from "../../../shared/rpc.ts";
import { defaultListening, type ListenerService, type UtteranceSummary } from "../services.ts";
import { Ear } from "./ear.ts";
import { Recording } from "./recording.ts";
import { Resampler } from "./resampler.ts";
import { decodeSource } from "./source.ts";
import { StreamTimes } from "./stream-times.ts";
import { Utterance } from "./utterance.ts";
import { UtteranceShelf } from "./utterance-shelf.ts";
import type { VoiceDetector } from "./vad.ts";
import type { VoiceChange } from "./voice-activity.ts";

/** Pieces of a replay: short enough that a microphone's blocks in between are not held up. */
const REPLAY_SAMPLES = LISTEN_RATE_HZ;

/**
 * Serves one listener on `port`: microphone in; level, log-mel and voice activity out. `loadDetector` is asked by
 * the first `configure`.
 */
export function start(port: Port, clock: Clock = systemClock, loadDetector = loadSilero): Disposable {
  const utterances = new UtteranceShelf();
  const times = new StreamTimes();
  let open: Recording | undefined;
  /** One that has ended, until what it heard last is judged. */
  const ending = new Set<Recording>();
  let resampler: { readonly rateHz: number; readonly stream: Resampler } | undefined;
  let options = defaultListening;

  const ear = new Ear({
    loadDetector,
    onLevel: (level) => server.emit("level", level),
    onFrame: (frame, changes) => {
      // What was made of a pause is void before any mel says more.
      for (const change of changes) if (change.type === "resumed") tell(change);
      for (const recording of [...ending, ...(open ? [open] : [])]) recording.judged(frame);
      for (const change of changes) if (change.type !== "resumed") tell(change);
    },
    onPause: (changes) => changes.forEach(tell),
  });
  const create = (id: string): Utterance => new Utterance(id, (block) => server.emit("mel", block), clock);

  const tell = (change: VoiceChange): void => {
    const utteranceId = open?.utterance.id ?? null;
    switch (change.type) {
      case "started":
        return server.emit("voice", { ...change, startedAtMs: times.at(change.startSample) });
      case "paused": {
        // One that keeps its silence, or was opened within the pause, has no end to tell of.
        const paused = open?.isComplete ? open.utterance : null;
        const samples = paused?.preview() ?? 0;
        const endedAtMs = times.at(change.endSample);
        return server.emit("voice", { ...change, utteranceId: paused?.id ?? null, samples, endedAtMs });
      }
      case "resumed":
        return server.emit("voice", { ...change, utteranceId });
      default:
        return server.emit("voice", { ...change, utteranceId, endedAtMs: times.at(change.endSample) });
    }
  };

  const drop = (utterance: Utterance): void => {
    utterance.discard();
    utterances.forget(utterance.id);
    if (open?.utterance === utterance) close();
  };

  const close = (): void => {
    open = undefined;
    ear.tracker?.close();
  };

  /** 16 kHz mono from the microphone. */
  const hear = (samples: Float32Array): void => {
    open?.hear(samples);
    ear.push(samples);
    times.arrived(samples.length, ear.position, clock.nowMs());
  };

  const server = serve<ListenerService>(port, {
    calls: {
      decode: ({ source, maxDurationMs }) => decodeSource(source, maxDurationMs),
      configure: async (wanted) => {
        const result = await ear.configure(wanted);
        options = wanted;
        return result;
      },
      begin: ({ utteranceId, preRollMs, fromSample, trimSilence = false }) => {
        utterances.refuseKnown(utteranceId);
        if (!(preRollMs >= 0)) {
          throw new AppError("bad-input", `A pre-roll of ${preRollMs} ms cannot be taken; use 0 or more.`);
        }
        if (fromSample !== undefined && !Number.isInteger(fromSample)) {
          throw new AppError("bad-input", `An utterance cannot begin at sample ${fromSample}.`);
        }
        if (open) drop(open.utterance);
        const wanted = fromSample ?? ear.position - Math.round((preRollMs / 1000) * LISTEN_RATE_HZ);
        const preRoll = ear.since(wanted);
        const from = ear.position - preRoll.length;
        const { tracker } = ear;
        // Without a detector nobody knows what is silence.
        const pauseSamples =
          trimSilence && tracker ? Math.floor((options.microPauseMs / 1000) * LISTEN_RATE_HZ) : null;
        const utterance = create(utteranceId);
        utterance.begin(preRoll.length);
        utterances.keep(utterance);
        open = new Recording(utterance, from, pauseSamples);
        for (const frame of ear.heard) open.judged(frame);
        open.hear(preRoll);
        tracker?.open(from);
        return { preRollSamples: preRoll.length };
      },
      end: async ({ utteranceId, discard = false }) => {
        const utterance = utterances.find(utteranceId);
        if (discard) {
          drop(utterance);
          return nothing(utteranceId, clock.nowMs());
        }
        if (open?.utterance !== utterance) {
          throw new AppError("bad-input", `The utterance ${utteranceId} has already ended.`);
        }
        const recording = open;
        // The resampler's delay holds back 3 ms at most; they belong to this utterance.
        const tail = resampler?.stream.tail() ?? new Float32Array(0);
        recording.hear(tail);
        close();
        // What is kept whole does not wait for anyone's judgement.
        let isVoiced = false;
        if (recording.trims) {
          ending.add(recording);
          isVoiced = await ear.settle(tail);
        }
        try {
          return recording.finish(isVoiced);
        } catch (error) {
          // One that fails to end leaves nothing behind.
          utterances.forget(utteranceId);
          throw error;
        } finally {
          ending.delete(recording);
        }
      },
      audio: ({ utteranceId }) => utterances.find(utteranceId).audio(),
      replay: async ({ utteranceId, samples }) => {
        if (open?.utterance.id === utteranceId) {
          throw new AppError("bad-input", `The utterance ${utteranceId} is still open; end it first.`);
        }
        const utterance = create(utteranceId);
        for (let at = 0; at < samples.length; at += REPLAY_SAMPLES) {
          utterance.push(withinFullScale(samples.subarray(at, at + REPLAY_SAMPLES)));
          await new Promise(setImmediate);
        }
        const summary = utterance.finish();
        utterances.keep(utterance);
        return summary;
      },
    },
    streams: {},
    notices: {
      hint: ({ utteranceId, completeness }) => {
        const isNumber = completeness >= 0 && completeness <= 1;
        if (isNumber && open?.utterance.id === utteranceId) ear.tracker?.hint(completeness);
      },
      push: ({ samples, sampleRateHz }) => {
        // Whatever claims another rate is no microphone; there is no one to tell in a one-way message.
        if (!Number.isInteger(sampleRateHz) || sampleRateHz < 1_000 || sampleRateHz > 768_000) return;
        if (resampler?.rateHz !== sampleRateHz) {
          // Another microphone: what the old one's delay holds back comes before its first sample.
          if (resampler) hear(resampler.stream.tail());
          resampler = { rateHz: sampleRateHz, stream: new Resampler(sampleRateHz, LISTEN_RATE_HZ) };
        }
        hear(resampler.stream.push(withinFullScale(samples)));
      },
      forget: ({ utteranceId }) => {
        if (open?.utterance.id !== utteranceId) utterances.forget(utteranceId);
      },
    },
  });
  return {
    [Symbol.dispose]: () => {
      server[Symbol.dispose]();
      ear[Symbol.dispose]();
    },
  };
}

/** Only when asked: a listener without voice detection loads no native code. */
async function loadSilero(): Promise<VoiceDetector> {
  const { SileroDetector, sileroPath } = await import("./silero.ts");
  return SileroDetector.load(sileroPath());
}

function nothing(utteranceId: string, nowMs: number): UtteranceSummary {
  const melSpan = { name: "mel", startMs: nowMs, endMs: nowMs } as const;
  return {
    utteranceId,
    samples: 0,
    preRollSamples: 0,
    trimmedSamples: 0,
    voicedMs: 0,
    peak: 0,
    rms: 0,
    melSpan,
  };
}

/** A driver's NaN, or 1e38, would spread through the resampler to everything after it. */
function withinFullScale(samples: Float32Array): Float32Array {
  if (samples.every((sample) => sample >= -1 && sample <= 1)) return samples;
  return samples.map((sample) => (Number.isFinite(sample) ? Math.max(-1, Math.min(1, sample)) : 0));
}
