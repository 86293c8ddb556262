import { DeadlinePlanner, synthesisMs } from "../../src/main/assistant/deadline-planner.ts";
import type { CostEstimate } from "../../src/main/assistant/speech-costs.ts";
import {
  defaultPolicy,
  mayEnd,
  SpeechPlanner,
  type Segment,
  type SegmentRule,
} from "../../src/main/assistant/speech-planner.ts";
import { toSpeakable } from "../../src/main/assistant/speakable-text.ts";

/** A reply and how fast it comes and is spoken. Times count from the release. */
export interface Scenario {
  readonly reply: string;
  readonly firstTokenMs: number;
  readonly costs: CostEstimate;
  /** A factor for the n-th token gap or synthesis; 1 is exactly as predicted. */
  readonly jitter: (n: number) => number;
}

export interface Outcome {
  readonly firstAudioMs: number;
  readonly underruns: number;
  readonly stallMs: number;
  readonly segments: readonly string[];
  /** How long the first segment waited for the start. */
  readonly gateMs: number;
}

interface Token {
  readonly text: string;
  readonly atMs: number;
}

/** The reply in tokens of a fixed size, each with its time. */
function tokensOf({ reply, firstTokenMs, costs, jitter }: Scenario): Token[] {
  const size = Math.max(1, Math.round(costs.charactersPerToken));
  const tokens: Token[] = [];
  let atMs = firstTokenMs;
  for (let at = 0; at < reply.length; at += size) {
    tokens.push({ text: reply.slice(at, at + size), atMs });
    atMs += costs.msPerToken * jitter(tokens.length);
  }
  return tokens;
}

/** Plays a scenario event by event: with the deadline planner and its start gate, or with the static rules. */
export function simulate(scenario: Scenario, kind: "deadline" | "static"): Outcome {
  const { costs, jitter } = scenario;
  let nowMs = 0;
  const deadline = new DeadlinePlanner(
    () => costs,
    () => nowMs,
  );
  const planner = new SpeechPlanner(kind === "deadline" ? deadline.policy : defaultPolicy);
  const made: { readonly text: string; readonly readyMs: number }[] = [];
  let reported = 0;
  let startMs = Number.POSITIVE_INFINITY;
  let planMs = Number.POSITIVE_INFINITY;
  const speak = (segments: readonly Segment[]): void => {
    for (const { text } of segments) {
      const durationMs = synthesisMs(costs, text.length) * jitter(1_000 + made.length);
      made.push({ text, readyMs: Math.max(nowMs, made.at(-1)?.readyMs ?? 0) + durationMs });
      deadline.planned(text.length);
    }
  };
  /** Asks for the start at this moment, as the pipeline does after everything that happens. */
  const gate = (): void => {
    if (startMs < Number.POSITIVE_INFINITY || reported === 0) return;
    planMs = kind === "static" ? nowMs : nowMs + deadline.startsInMs();
    if (planMs > nowMs) return;
    startMs = nowMs;
    deadline.started();
  };
  /** Everything up to `untilMs`: what the voice finishes, and a start whose time has come. */
  const pass = (untilMs: number): void => {
    for (;;) {
      const readyMs = reported < made.length ? made[reported]!.readyMs : Number.POSITIVE_INFINITY;
      const timerMs = startMs < Number.POSITIVE_INFINITY ? Number.POSITIVE_INFINITY : planMs;
      const nextMs = Math.min(readyMs, timerMs);
      if (nextMs > untilMs || nextMs === Number.POSITIVE_INFINITY) break;
      nowMs = Math.max(nowMs, nextMs);
      if (readyMs <= timerMs) {
        const { length } = made[reported++]!.text;
        deadline.made(length, costs.audioMsPerCharacter * length);
      }
      planMs = Number.POSITIVE_INFINITY;
      gate();
    }
    if (untilMs < Number.POSITIVE_INFINITY) nowMs = untilMs;
  };
  for (const { text, atMs } of tokensOf(scenario)) {
    pass(atMs);
    speak(planner.push(text));
    gate();
  }
  speak(planner.finish());
  deadline.complete();
  gate();
  pass(Number.POSITIVE_INFINITY);
  const firstMs = made[0]?.readyMs ?? 0;
  const segments = made.map(({ text }) => text);
  return { ...play(made, startMs, costs), segments, gateMs: startMs - firstMs };
}

type Made = readonly { readonly text: string; readonly readyMs: number }[];

function play(
  made: Made,
  startMs: number,
  costs: CostEstimate,
): Pick<Outcome, "firstAudioMs" | "underruns" | "stallMs"> {
  let dryMs = startMs;
  let underruns = 0;
  let stallMs = 0;
  for (const { text, readyMs } of made) {
    if (readyMs > dryMs + 1e-6) {
      underruns++;
      stallMs += readyMs - dryMs;
      dryMs = readyMs;
    }
    dryMs += costs.audioMsPerCharacter * text.length;
  }
  return { firstAudioMs: startMs, underruns, stallMs };
}

export interface Optimum {
  /** The earliest start without a stall later on, over every choice of allowed breaks. */
  readonly firstAudioMs: number;
  /** It starts with its first segment: no gate is needed. */
  readonly isStarveFree: boolean;
}

interface Break {
  readonly end: number;
  readonly kind: "word" | "clause" | "sentence";
  readonly atMs: number;
}

/** A choice of breaks up to some place; another is worse when it is worse in both. */
interface Choice {
  readonly freeMs: number;
  readonly startMs: number;
  readonly firstReadyMs: number;
}

/**
 * Exhaustive search with hindsight: the whole text and all costs are known, jitter left out. Breaks are those the planner
 * may use, so that no optimum sounds worse than its plan.
 */
export function optimum(scenario: Scenario): Optimum {
  const { costs, reply } = scenario;
  const text = toSpeakable(reply);
  const breaks = breaksOf({ ...scenario, jitter: () => 1 }, text.length);
  let best: Choice | undefined;
  const choices: Choice[][] = [[{ freeMs: 0, startMs: 0, firstReadyMs: 0 }], ...breaks.map(() => [])];
  for (let to = 0; to < breaks.length; to++) {
    const { end, kind, atMs } = breaks[to]!;
    const found: Choice[] = [];
    for (let from = 0; from <= to; from++) {
      const start = from === 0 ? 0 : breaks[from - 1]!.end;
      const isLast = to === breaks.length - 1;
      if (!isLast && !mayEnd(text.slice(start, end), kind, anywhere)) continue;
      for (const { freeMs, startMs, firstReadyMs } of choices[from]!) {
        const readyMs = Math.max(freeMs, atMs) + synthesisMs(costs, text.slice(start, end).trim().length);
        const neededMs = readyMs - costs.audioMsPerCharacter * start;
        found.push({
          freeMs: readyMs,
          startMs: Math.max(startMs, neededMs),
          firstReadyMs: from === 0 ? readyMs : firstReadyMs,
        });
      }
    }
    choices[to + 1] = undominated(found);
  }
  for (const choice of choices.at(-1)!) if (!best || choice.startMs < best.startMs) best = choice;
  const { startMs = 0, firstReadyMs = 0 } = best ?? {};
  return { firstAudioMs: startMs, isStarveFree: startMs <= firstReadyMs + 1e-6 };
}

const anywhere: SegmentRule = defaultPolicy(0);

function undominated(choices: readonly Choice[]): Choice[] {
  const kept: Choice[] = [];
  for (const choice of choices.toSorted((a, b) => a.freeMs - b.freeMs || a.startMs - b.startMs)) {
    if (kept.every(({ startMs }) => choice.startMs < startMs)) kept.push(choice);
  }
  return kept;
}

/** Every boundary of the reply with the time at which it is certain; the end of the text is the last. */
function breaksOf(scenario: Scenario, characters: number): Break[] {
  const breaks: Break[] = [];
  let nowMs = 0;
  let offset = 0;
  const planner = new SpeechPlanner((_index, candidate) => {
    if (candidate) breaks.push({ end: offset + candidate.characters + 1, kind: candidate.kind, atMs: nowMs });
    return { minWords: Infinity, clauseWords: Infinity, wordWords: Infinity };
  });
  for (const { text, atMs } of tokensOf(scenario)) {
    nowMs = atMs;
    for (const segment of planner.push(text)) {
      offset += segment.text.length + 1;
      breaks.push({ end: offset, kind: "word", atMs });
    }
  }
  const inside = breaks.filter(({ end }) => end < characters);
  return [...inside, { end: characters, kind: "sentence", atMs: nowMs }];
}
