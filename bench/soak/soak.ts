import { systemClock } from "../../src/shared/clock.ts";
import { seeded, type AskedWhen, type SoakStep } from "./plan.ts";
import type { SoakPage } from "./soak-page.ts";

const RATE_HZ = 16_000;
/** A quarter of a second: the host refuses a page that sends more messages than a microphone has reason to. */
const BLOCK_SAMPLES = 4_096;
/** Each of these is reported in a level, in order with what was found in it. */
const LEVEL_SAMPLES = 512;
/** Beyond the longest pause that may end a question, and what the settings allow it to adapt. */
const QUIET_MS = 2_000;
const MURMUR_MS = 250;
/** About −74 dB. */
const ROOM_AMPLITUDE = 2e-4;
/** Long conversations cost memory by right, so none may grow long while leaks are looked for. */
const STEPS_PER_CONVERSATION = 20;
/** No step takes so long, on a machine that others use as well: a turn that does is stuck. */
const STUCK_MS = 60_000;

export interface SpokenQuestion {
  readonly text: string;
  readonly sampleId: string;
  /** 16 kHz mono. */
  readonly samples: Float32Array;
}

/** What came of a soak. `problems` is empty when nothing happened that should not. */
export interface SoakResult {
  readonly steps: number;
  readonly completed: number;
  readonly interrupted: number;
  readonly failed: number;
  /** Answers that held their breath for a voice. */
  readonly holds: number;
  readonly problems: readonly string[];
}

/**
 * Plays a plan on a page: every question by text, sample, key or voice, every interruption at its place. Stops early
 * when a step gets stuck. `onStep` is called after each.
 */
export async function soak(
  page: SoakPage,
  plan: readonly SoakStep[],
  questions: readonly SpokenQuestion[],
  onStep: (step: number) => void = () => {},
): Promise<SoakResult> {
  const speaker = new Speaker(page, questions);
  let steps = 0;
  let conversationFrom = 0;
  for (const [index, step] of plan.entries()) {
    const before = page.newest;
    if (!(await speaker.reach(step.when))) break;
    if (step.when.type === "idle" && steps - conversationFrom >= STEPS_PER_CONVERSATION) {
      conversationFrom = steps;
      await page.client.call("conversations.create", {});
    }
    const next = plan[index + 1]?.when ?? { type: "idle" };
    page.playing = playingUntil(step.isMurmured ? { type: "speaking", chunks: 1, played: 0.5 } : next);
    if (!(await speaker.ask(step))) break;
    // The turn before has ended by now, one way or the other.
    if (before && !(await speaker.wait(() => before.finished !== null, "a turn that was left never ended")))
      break;
    if (step.isMurmured && !(await speaker.murmur(next))) break;
    steps++;
    onStep(steps);
  }
  await speaker.reach({ type: "idle" });
  return { steps, ...page.outcomes, holds: page.holds, problems: page.problems };
}

/** How much the player plays by itself of an answer that is to be interrupted like this. */
function playingUntil(when: AskedWhen): SoakPage["playing"] {
  if (when.type === "speaking") return when;
  return when.type === "idle" ? "all" : { chunks: 1, played: 0 };
}

/** The person: a microphone, a key, and patience for a minute. */
class Speaker {
  readonly #page: SoakPage;
  readonly #questions: readonly SpokenQuestion[];
  readonly #random = seeded(1);
  #sent = 0;

  constructor(page: SoakPage, questions: readonly SpokenQuestion[]) {
    this.#page = page;
    this.#questions = questions;
  }

  /** Waits for the moment of a step. False when it does not come. */
  reach(when: AskedWhen): Promise<boolean> {
    const page = this.#page;
    const isOver = (): boolean => page.newest === null || page.newest.finished !== null;
    if (when.type === "idle") {
      page.playing = "all";
      page.play();
      return this.wait(() => isOver() && page.phase === "idle", "the app never came to rest");
    }
    // A short answer has fewer chunks than asked for: then its end is the moment.
    const hasEnded = (): boolean => isOver() || page.newest!.isEnded;
    return when.type === "thinking"
      ? this.wait(() => hasEnded() || page.newest!.tokens >= when.tokens, "no token came")
      : this.wait(() => hasEnded() || page.newest!.chunks >= when.chunks, "no speech came");
  }

  /** Asks, and waits until the turn is there. */
  async ask({ by, question: index }: SoakStep): Promise<boolean> {
    const { client } = this.#page;
    const question = this.#questions[index % this.#questions.length]!;
    const before = this.#page.newest;
    if (by === "text") await client.call("ask.text", { text: question.text });
    else if (by === "sample") await client.call("ask.sample", { sampleId: question.sampleId });
    else if (by === "key") {
      const pressedAtMs = systemClock.nowMs();
      const { utteranceId } = await client.call("listen.begin", { source: "space", pressedAtMs });
      await this.#hear(question.samples);
      await client.call("listen.end", { utteranceId, releasedAtMs: systemClock.nowMs() });
      await this.#hush(QUIET_MS);
    } else {
      await this.#hush(QUIET_MS);
      await this.#hear(question.samples);
      await this.#hush(QUIET_MS);
    }
    return this.wait(() => this.#page.newest !== before, `a question by ${by} opened no turn`);
  }

  /** "mm-hm" over the first chunk of the answer: it has to go on, and to be heard whole. */
  async murmur(next: AskedWhen): Promise<boolean> {
    const page = this.#page;
    const turn = page.newest!;
    if (!(await this.wait(() => turn.chunks > 0 || turn.finished !== null, "no speech came"))) return false;
    const { samples } = this.#questions[0]!;
    const loud = samples.findIndex((sample) => Math.abs(sample) > 0.1);
    await this.#hear(samples.slice(loud, loud + (MURMUR_MS * RATE_HZ) / 1000));
    await this.#hush(QUIET_MS);
    page.playing = playingUntil(next);
    page.play();
    if (next.type !== "idle") return true;
    const isHeard = await this.wait(() => turn.finished !== null, "an answer was stuck after a mm-hm");
    if (turn.finished?.outcome !== "completed") page.problems.push("a mm-hm ended an answer");
    return isHeard;
  }

  async wait(fits: () => boolean, problem: string): Promise<boolean> {
    const isThere = await this.#page.until(fits, STUCK_MS);
    if (!isThere) this.#page.problems.push(problem);
    return isThere;
  }

  #hush(ms: number): Promise<boolean> {
    const samples = Float32Array.from(
      { length: (ms * RATE_HZ) / 1000 },
      () => (this.#random() * 2 - 1) * ROOM_AMPLITUDE,
    );
    return this.#hear(samples);
  }

  /** Settles when the app has acted on all of it: it comes faster than anyone speaks. */
  #hear(samples: Float32Array): Promise<boolean> {
    for (let at = 0; at < samples.length; at += BLOCK_SAMPLES) {
      const block = samples.slice(at, at + BLOCK_SAMPLES);
      this.#page.client.notify("mic.audio", { samples: block, sampleRateHz: RATE_HZ });
    }
    this.#sent += samples.length;
    const reports = Math.floor(this.#sent / LEVEL_SAMPLES);
    return this.wait(() => this.#page.levels >= reports, "the microphone is not heard");
  }
}
