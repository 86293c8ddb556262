import type { AppService, LatencyRecord } from "../../shared/app-contract.ts";
import type { Clock } from "../../shared/clock.ts";
import type { TurnEvent } from "../../shared/contract.ts";

type PlayerReport = AppService["notices"]["player.played"];
type TurnFinished = Extract<TurnEvent, { type: "turn-finished" }>;

/** What is known of a turn when it opens. */
export interface MeasuredTurn {
  readonly turnId: string;
  readonly conversationId: string;
  readonly input: "voice" | "text";
  /** Epoch ms of the key's release (or of the text's arrival): the zero of the turn's times. */
  readonly releasedAtMs: number;
  readonly userAudioMs: number | null;
  /** Epoch ms of the question's last voice; null when it was written, or nobody could tell. */
  readonly voicedUntilMs: number | null;
}

/** What the turn ran on. */
export type Surroundings = Pick<LatencyRecord, "model" | "provider" | "speechProvider" | "dtype" | "isCold">;

/** How long a finished turn waits for the player to say when it was heard. */
const graceMs = 3000;

interface Open {
  readonly turn: MeasuredTurn;
  /** Epoch ms at which the first chunk was sent. */
  firstSentAtMs: number | null;
  /** The one report that tells when the first sound was heard. */
  heard: PlayerReport | null;
  /** Epoch ms at which somebody interrupted it. */
  interruptedAtMs: number | null;
  /** Epoch ms of each last audible sample: of holds, and of the stop. */
  readonly silentAtMs: number[];
  finished: TurnFinished | null;
  surroundings: Surroundings | null;
  grace: Disposable | null;
}

/**
 * Joins what the engine measured of a turn with what the player heard of it. Each turn gives exactly one record: as soon
 * as both are known, or without the player's part after a grace (muted page, closed window, nothing said).
 */
export class LatencyRecorder implements Disposable {
  readonly #clock: Clock;
  readonly #onRecord: (record: LatencyRecord) => void;
  readonly #open = new Map<string, Open>();

  constructor(clock: Clock, onRecord: (record: LatencyRecord) => void) {
    this.#clock = clock;
    this.#onRecord = onRecord;
  }

  opened(turn: MeasuredTurn): void {
    this.#open.set(turn.turnId, {
      turn,
      firstSentAtMs: null,
      heard: null,
      interruptedAtMs: null,
      silentAtMs: [],
      finished: null,
      surroundings: null,
      grace: null,
    });
  }

  audioSent(turnId: string, sentAtMs: number): void {
    const open = this.#open.get(turnId);
    if (open) open.firstSentAtMs ??= sentAtMs;
  }

  /** Somebody interrupted the turn, by a key that went down or a voice that began at `atMs`; the earliest counts. */
  interrupted(turnId: string, atMs: number): void {
    const open = this.#open.get(turnId);
    if (open) open.interruptedAtMs = Math.min(atMs, open.interruptedAtMs ?? Infinity);
  }

  played(report: PlayerReport): void {
    const open = this.#open.get(report.turnId);
    if (!open) return;
    if (report.silentAtMs !== undefined) open.silentAtMs.push(report.silentAtMs);
    if (report.firstHeardAtMs !== undefined) open.heard ??= report;
    // What was heard and interrupted has a last sound: its report may still be on its way.
    const isSilent = open.heard === null || open.finished?.outcome !== "interrupted";
    this.#settle(open, report.ended === true && isSilent);
  }

  finished(event: TurnFinished, surroundings: Surroundings): void {
    const open = this.#open.get(event.turnId);
    if (!open) return;
    open.finished = event;
    open.surroundings = surroundings;
    open.grace = this.#clock.after(graceMs, () => this.#settle(open, true));
    this.#settle(open, open.firstSentAtMs === null);
  }

  /** Gives the records of turns that still wait: the app closes. */
  [Symbol.dispose](): void {
    for (const open of this.#open.values()) this.#settle(open, true);
    this.#open.clear();
  }

  #settle(open: Open, isLast: boolean): void {
    const { turn, finished, surroundings } = open;
    const isKnown = open.heard !== null && (finished?.outcome !== "interrupted" || silenceOf(open) !== null);
    if (!finished || !surroundings || !(isKnown || isLast)) return;
    if (!this.#open.delete(turn.turnId)) return;
    open.grace?.[Symbol.dispose]();
    this.#onRecord(toRecord(open, finished, surroundings));
  }
}

/** When the interrupted turn fell silent: with the hold that the interruption began with, or with its end. */
function silenceOf({ interruptedAtMs, silentAtMs }: Open): number | null {
  if (interruptedAtMs === null) return null;
  return silentAtMs.find((atMs) => atMs >= interruptedAtMs) ?? null;
}

function toRecord(open: Open, finished: TurnFinished, surroundings: Surroundings): LatencyRecord {
  const { turn, heard, firstSentAtMs, interruptedAtMs } = open;
  const silentAtMs = silenceOf(open);
  const heardAtMs = heard?.firstHeardAtMs ?? null;
  const receivedAtMs = heard?.firstReceivedAtMs ?? null;
  const sinceRelease = (ms: number): number => ms - turn.releasedAtMs;
  const spans = [...finished.metrics.spans];
  const hasTransport = firstSentAtMs !== null && receivedAtMs !== null;
  if (hasTransport) {
    spans.push({
      name: "transport",
      startMs: sinceRelease(firstSentAtMs),
      endMs: sinceRelease(receivedAtMs),
    });
  }
  if (receivedAtMs !== null && heardAtMs !== null) {
    spans.push({ name: "heard", startMs: sinceRelease(receivedAtMs), endMs: sinceRelease(heardAtMs) });
  }
  return {
    turnId: turn.turnId,
    conversationId: turn.conversationId,
    atMs: turn.releasedAtMs,
    input: turn.input,
    outcome: finished.outcome,
    ...surroundings,
    userAudioMs: turn.userAudioMs,
    metrics: { ...finished.metrics, spans },
    queue: finished.queue,
    keyToSoundMs: heardAtMs === null ? null : sinceRelease(heardAtMs),
    outputLatencyMs: heard?.outputLatencyMs ?? null,
    transportMs: hasTransport ? receivedAtMs - firstSentAtMs : null,
    interruptToSilenceMs:
      silentAtMs === null || interruptedAtMs === null ? null : silentAtMs - interruptedAtMs,
    endToSoundMs: heardAtMs === null || turn.voicedUntilMs === null ? null : heardAtMs - turn.voicedUntilMs,
  };
}
