/** Short sounds for people who do not look at the screen. */
export type Earcon = "listen" | "sent" | "resumed" | "muted" | "unmuted" | "error";

interface Note {
  readonly hz: number;
  readonly startMs: number;
  readonly lengthMs: number;
}

/**
 * Rising to invite, falling to confirm, one note for going on, deep for the microphone itself, low twice for trouble; all
 * shorter than a syllable.
 */
const notes: Readonly<Record<Earcon, readonly Note[]>> = {
  listen: [
    { hz: 587.33, startMs: 0, lengthMs: 60 },
    { hz: 880, startMs: 55, lengthMs: 80 },
  ],
  sent: [
    { hz: 880, startMs: 0, lengthMs: 50 },
    { hz: 659.26, startMs: 45, lengthMs: 70 },
  ],
  resumed: [{ hz: 659.26, startMs: 0, lengthMs: 60 }],
  muted: [
    { hz: 440, startMs: 0, lengthMs: 60 },
    { hz: 293.66, startMs: 55, lengthMs: 90 },
  ],
  unmuted: [
    { hz: 293.66, startMs: 0, lengthMs: 60 },
    { hz: 440, startMs: 55, lengthMs: 90 },
  ],
  error: [
    { hz: 220, startMs: 0, lengthMs: 110 },
    { hz: 207.65, startMs: 140, lengthMs: 140 },
  ],
};

/** Quiet enough to lie under a voice: the microphone may be open. */
const GAIN = 0.06;

/** Plays an earcon on `context`, at `volume` (0 to 1). Does nothing while the browser holds sound back. */
export function playEarcon(context: AudioContext, earcon: Earcon, volume: number): void {
  if (context.state !== "running") return;
  for (const { hz, startMs, lengthMs } of notes[earcon]) {
    const start = context.currentTime + startMs / 1000;
    const end = start + lengthMs / 1000;
    const gain = new GainNode(context, { gain: 0 });
    gain.gain.setValueAtTime(0, start);
    gain.gain.linearRampToValueAtTime(GAIN * volume, start + 0.008);
    gain.gain.setTargetAtTime(0, start + 0.012, lengthMs / 4000);
    const tone = new OscillatorNode(context, { type: "triangle", frequency: hz });
    tone.connect(gain).connect(context.destination);
    tone.start(start);
    tone.stop(end);
  }
}
