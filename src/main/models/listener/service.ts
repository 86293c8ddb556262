import { LISTEN_RATE_HZ } from "../../../shared/audio.ts";
import { systemClock, type Clock } from "../../../shared/clock.ts";
import { AppError } from "../../../shared/errors.ts";
import type { Port } from "../../../shared/port.ts";
import { serve } from "../../../shared/rpc.ts";
import type { ListenerService } from "../services.ts";
import { LevelMeter } from "./level.ts";
import { Resampler } from "./resampler.ts";
import { SampleRing } from "./ring.ts";
import { decodeSource } from "./source.ts";
import { Utterance } from "./utterance.ts";

const RING_MS = 3_000;
/** Finished utterances are kept for their audio; beyond this the oldest go (the conversation keeps its own copy). */
const MAX_KEPT_BYTES = 256 * 2 ** 20;
/** Pieces of a replay: short enough that a microphone's blocks in between are not held up. */
const REPLAY_SAMPLES = LISTEN_RATE_HZ;

/** Serves one listener on `port`: microphone in, level and log-mel out. */
export function start(port: Port, clock: Clock = systemClock): Disposable {
  const ring = new SampleRing((RING_MS / 1000) * LISTEN_RATE_HZ);
  const utterances = new Map<string, Utterance>();
  let open: Utterance | undefined;
  let resampler: { readonly rateHz: number; readonly stream: Resampler } | undefined;

  const meter = new LevelMeter((level) => server.emit("level", { ...level, speech: 0 }));
  const create = (id: string): Utterance => new Utterance(id, (block) => server.emit("mel", block), clock);

  const find = (utteranceId: string): Utterance => {
    const utterance = utterances.get(utteranceId);
    if (utterance) return utterance;
    throw new AppError(
      "bad-input",
      `There is no utterance ${utteranceId}: it was never begun, or is forgotten.`,
    );
  };

  const keep = (utterance: Utterance): void => {
    utterances.set(utterance.id, utterance);
    let bytes = 0;
    for (const kept of utterances.values()) bytes += kept.bytes;
    for (const kept of utterances.values()) {
      if (bytes <= MAX_KEPT_BYTES) break;
      if (kept === utterance || kept.isOpen) continue;
      bytes -= kept.bytes;
      utterances.delete(kept.id);
    }
  };

  const drop = (utterance: Utterance): void => {
    utterance.discard();
    utterances.delete(utterance.id);
    if (open === utterance) open = undefined;
  };

  /** 16 kHz mono from the microphone. */
  const hear = (samples: Float32Array): void => {
    ring.push(samples);
    open?.push(samples);
    meter.push(samples);
  };

  const server = serve<ListenerService>(port, {
    calls: {
      decode: ({ source, maxDurationMs }) => decodeSource(source, maxDurationMs),
      configure: () => ({ detector: "energy", reason: "The voice detector has not been loaded." }),
      begin: ({ utteranceId, preRollMs }) => {
        if (utterances.has(utteranceId)) {
          throw new AppError("bad-input", `The utterance ${utteranceId} has already begun.`);
        }
        if (!(preRollMs >= 0)) {
          throw new AppError("bad-input", `A pre-roll of ${preRollMs} ms cannot be taken; use 0 or more.`);
        }
        if (open) drop(open);
        const preRoll = ring.newest(Math.round((preRollMs / 1000) * LISTEN_RATE_HZ));
        open = create(utteranceId);
        keep(open);
        open.begin(preRoll);
        return { preRollSamples: preRoll.length };
      },
      end: ({ utteranceId, discard = false }) => {
        const utterance = find(utteranceId);
        if (discard) {
          drop(utterance);
          const nowMs = clock.nowMs();
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
        if (open !== utterance) {
          throw new AppError("bad-input", `The utterance ${utteranceId} has already ended.`);
        }
        // The resampler's delay holds back 3 ms at most; they belong to this utterance.
        if (resampler) utterance.push(resampler.stream.tail());
        open = undefined;
        // One that fails to end leaves nothing behind.
        utterances.delete(utteranceId);
        const summary = utterance.finish();
        keep(utterance);
        return summary;
      },
      audio: ({ utteranceId }) => find(utteranceId).audio(),
      replay: async ({ utteranceId, samples }) => {
        if (open?.id === utteranceId) {
          throw new AppError("bad-input", `The utterance ${utteranceId} is still open; end it first.`);
        }
        const utterance = create(utteranceId);
        for (let at = 0; at < samples.length; at += REPLAY_SAMPLES) {
          utterance.push(withinFullScale(samples.subarray(at, at + REPLAY_SAMPLES)));
          await new Promise(setImmediate);
        }
        const summary = utterance.finish();
        keep(utterance);
        return summary;
      },
    },
    streams: {},
    notices: {
      hint: () => {},
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
        if (open?.id !== utteranceId) utterances.delete(utteranceId);
      },
    },
  });
  return server;
}

/** A driver's NaN, or 1e38, would spread through the resampler to everything after it. */
function withinFullScale(samples: Float32Array): Float32Array {
  if (samples.every((sample) => sample >= -1 && sample <= 1)) return samples;
  return samples.map((sample) => (Number.isFinite(sample) ? Math.max(-1, Math.min(1, sample)) : 0));
}
