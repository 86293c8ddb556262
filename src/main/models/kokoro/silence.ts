import { SPEAK_RATE_HZ } from "../../../shared/audio.ts";

/** Loudness is judged in frames of 5 ms: the shortest that holds a whole period of the lowest voices. */
const FRAME_SAMPLES = (5 * SPEAK_RATE_HZ) / 1000;

/**
 * A frame this far below the loudest one is silence: −46 dB. On the demo voices the ends found are the same within
 * 10 ms from −40 to −52 dB; final fricatives lie around −30 dB, Kokoro's noise floor around −60 dB.
 */
const SILENCE_RATIO = 10 ** (-46 / 20);

/** Kept around the speech: the onset of a plosive, and the decay of the last sound. */
const KEPT_BEFORE_SAMPLES = (10 * SPEAK_RATE_HZ) / 1000;
const KEPT_AFTER_SAMPLES = (30 * SPEAK_RATE_HZ) / 1000;

/** Raised-cosine ramps at both ends, shorter than what is kept around the speech: silence has no step to click. */
const FADE_SAMPLES = (4 * SPEAK_RATE_HZ) / 1000;

/** Silence inside speech shorter than this is a plosive's closure, not a pause. */
const SHORTEST_PAUSE_FRAMES = 60 / 5;

/** A stretch of samples: `end` is one past its last. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
}

export interface Speech {
  /** What to keep, with margins; empty when all is silence. */
  readonly bounds: Stretch;
  /** Pauses inside, counted from `bounds.start`. */
  readonly pauses: readonly Stretch[];
}

/** Where the speech lies in `pcm` (24 kHz mono, finite), and where it pauses. */
export function findSpeech(pcm: Float32Array): Speech {
  const energies = frameEnergies(pcm);
  const loudest = energies.reduce((max, energy) => Math.max(max, energy), 0);
  if (loudest === 0) return { bounds: { start: 0, end: 0 }, pauses: [] };
  const threshold = loudest * SILENCE_RATIO ** 2;
  const first = energies.findIndex((energy) => energy > threshold);
  const last = energies.findLastIndex((energy) => energy > threshold);
  const start = Math.max(0, first * FRAME_SAMPLES - KEPT_BEFORE_SAMPLES);
  const end = Math.min(pcm.length, (last + 1) * FRAME_SAMPLES + KEPT_AFTER_SAMPLES);
  const pauses: Stretch[] = [];
  let lastVoiced = first;
  for (let frame = first + 1; frame <= last; frame++) {
    if (energies[frame]! <= threshold) continue;
    if (frame - lastVoiced > SHORTEST_PAUSE_FRAMES) {
      pauses.push({ start: (lastVoiced + 1) * FRAME_SAMPLES - start, end: frame * FRAME_SAMPLES - start });
    }
    lastVoiced = frame;
  }
  return { bounds: { start, end }, pauses };
}

/** A copy of `pcm` within `bounds`, faded at both ends, within [-1, 1], followed by `pauseSamples` of silence. */
export function cutSpeech(pcm: Float32Array, bounds: Stretch, pauseSamples: number): Float32Array {
  const length = bounds.end - bounds.start;
  const speech = new Float32Array(length + pauseSamples);
  for (let i = 0; i < length; i++) speech[i] = Math.max(-1, Math.min(1, pcm[bounds.start + i]!));
  const fade = Math.min(FADE_SAMPLES, Math.floor(length / 2));
  for (let i = 0; i < fade; i++) {
    const gain = 0.5 - 0.5 * Math.cos((Math.PI * i) / fade);
    speech[i]! *= gain;
    speech[length - 1 - i]! *= gain;
  }
  return speech;
}

/** Mean square of each 5 ms frame; the last one may be shorter. */
function frameEnergies(pcm: Float32Array): Float64Array {
  const energies = new Float64Array(Math.ceil(pcm.length / FRAME_SAMPLES));
  for (let frame = 0; frame < energies.length; frame++) {
    const end = Math.min(pcm.length, (frame + 1) * FRAME_SAMPLES);
    let sum = 0;
    for (let i = frame * FRAME_SAMPLES; i < end; i++) sum += pcm[i]! * pcm[i]!;
    energies[frame] = sum / (end - frame * FRAME_SAMPLES);
  }
  return energies;
}
