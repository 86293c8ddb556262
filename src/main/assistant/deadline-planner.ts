import { defaultPolicy, type SegmentCandidate, type SegmentRule } from "./speech-planner.ts";
import type { CostEstimate } from "./speech-costs.ts";

/** Where the reply stands, in milliseconds of one clock. */
export interface PlannerState {
  readonly nowMs: number;
  /** When the voice is done with everything it was given. */
  readonly voiceFreeMs: number;
  /** When the player has played everything that is planned. */
  readonly dryMs: number;
}

/** A stretch of text between two places to break it that a plan counts on: 95 % of English ones are shorter. */
const STRETCH_CHARACTERS = 24;
/** Sizes of later segments that a plan tries, in characters: from two stretches of words to a long sentence. */
const SIZES = [150, 100, 70, 48, STRETCH_CHARACTERS] as const;
/** How many segments a plan looks ahead: a surplus that holds that long goes on growing. */
const LOOK_AHEAD = 6;
/** Nobody waits for a longer segment than this just because synthesis is slow; found on the grid of bench/planner. */
const GAINING_LIMIT = 24;
/**
 * From this real-time factor on a stretch without a break may cost what the sound in hand leaves free: the start then keeps
 * back this share of the synthesis of a usual stretch. Found on the grid of bench/planner, where nothing is late with it, and
 * tried on other texts (tests/bench).
 */
const CLOSE_FACTOR = 0.3;
const RESERVE = 0.6;
/** The start is never put off for longer than this at a time: then it is asked for again. */
const LONGEST_WAIT_MS = 20_000;
/** How finely the start is timed. */
const STEP_MS = 5;

const never = Number.POSITIVE_INFINITY;
/** Only whole sentences. */
const sentences: SegmentRule = { minWords: 3, clauseWords: never, wordWords: never };
/** Wherever speech may break at all. */
const anywhere: SegmentRule = defaultPolicy(0);
const nowhere: SegmentRule = { minWords: never, clauseWords: never, wordWords: never };

/**
 * Chooses where the segments of one reply end, and when its sound may start (R43): the shortest first segment, since nothing
 * sounds before it is made; then as much of a sentence as the sound in hand allows; and a start that waits, where segments
 * come too slowly, just until none of them can be late any more. It knows times only by what it is told.
 */
export class DeadlinePlanner {
  readonly #costs: () => CostEstimate;
  readonly #now: () => number;
  /** Characters of the segments that are planned and not made, in order. */
  readonly #open: number[] = [];
  /** When the voice began the first of them. */
  #begunMs = Number.NEGATIVE_INFINITY;
  /** Sound that is made: all of it before the start, then until when it lasts. */
  #madeMs = 0;
  #startedMs: number | undefined;
  #dryMs = Number.NEGATIVE_INFINITY;
  #isComplete = false;

  /** `costs` is asked again whenever something is decided. */
  constructor(costs: () => CostEstimate, now: () => number) {
    this.#costs = costs;
    this.#now = now;
  }

  /** A `SegmentPolicy`. The first segment depends on nothing but its words. */
  readonly policy = (index: number, candidate?: SegmentCandidate): SegmentRule => {
    if (!candidate) return defaultPolicy(index);
    return index === 0 ? this.#first(candidate) : this.#later(candidate);
  };

  /** The segment was cut; its speech is made once the voice is free. */
  planned(characters: number): void {
    if (this.#open.length === 0) this.#begunMs = this.#now();
    this.#open.push(characters);
  }

  /** The voice has made so many of the characters planned, and they sound for `audioMs`. */
  made(characters: number, audioMs: number): void {
    const nowMs = this.#now();
    this.#madeMs += audioMs;
    if (this.#startedMs !== undefined) this.#dryMs = Math.max(nowMs, this.#dryMs) + audioMs;
    this.#begunMs = nowMs;
    // A segment may be made in several parts.
    for (let left = characters; left > 0 && this.#open.length > 0;) {
      const taken = Math.min(left, this.#open[0]!);
      left -= taken;
      this.#open[0]! -= taken;
      if (this.#open[0]! <= 0) this.#open.shift();
    }
  }

  /** No text follows what was planned. */
  complete(): void {
    this.#isComplete = true;
  }

  /** The sound starts now. */
  started(): void {
    this.#startedMs = this.#now();
    this.#dryMs = this.#startedMs + this.#madeMs;
  }

  /**
   * How much longer the start has to wait so that nothing is late afterwards, as far as can be known now: 0 for not at all,
   * infinity while nothing is made. Ask again whenever something was planned or made, and when the time has passed.
   */
  startsInMs(): number {
    if (this.#madeMs === 0) return Number.POSITIVE_INFINITY;
    const costs = this.#costs();
    const nowMs = this.#now();
    const { voiceFreeMs, soundMs, neededMs } = this.#ahead(costs, nowMs);
    const leastMs = Math.max(0, neededMs - nowMs);
    if (this.#isComplete) return leastMs;
    const safeMs = nowMs + soundMs - reserveMs(costs);
    const canGoOn = (waitMs: number): boolean =>
      isViable(costs, { nowMs, voiceFreeMs, dryMs: safeMs + waitMs });
    if (canGoOn(leastMs)) return leastMs;
    let [short, long] = [leastMs, LONGEST_WAIT_MS];
    while (long - short > STEP_MS) {
      const middle = (short + long) / 2;
      if (canGoOn(middle)) long = middle;
      else short = middle;
    }
    return long;
  }

  /** The shortest one after which the sound can go on; where there is none, one that does not lose ground at least. */
  #first({ characters }: SegmentCandidate): SegmentRule {
    const costs = this.#costs();
    const start = { nowMs: 0, voiceFreeMs: 0, dryMs: 0 };
    const isEnough =
      characters >= gainingCharacters(costs) || isViable(costs, afterSegment(costs, start, characters, 0));
    return isEnough ? anywhere : nowhere;
  }

  #later({ kind, characters }: SegmentCandidate): SegmentRule {
    const costs = this.#costs();
    const nowMs = this.#now();
    const { voiceFreeMs, soundMs } = this.#ahead(costs, nowMs);
    // Before the start, the plan is what it would be if everything made sounded from now on.
    const dryMs =
      this.#startedMs === undefined ? nowMs + soundMs : Math.max(nowMs, this.#dryMs) + soundMs - this.#madeMs;
    const state = { nowMs, voiceFreeMs, dryMs };
    if (!meets(costs, state, characters, STRETCH_CHARACTERS)) {
      // Before the start there is no deadline, and a segment too small to gain ground only puts the start off.
      // Nor is there one that could still be kept: smaller and smaller ones would be late one after the other.
      const isFree = this.#startedMs === undefined || !meets(costs, state, characters, 0);
      const isTooSmall = isFree && characters < gainingCharacters(costs);
      return isTooSmall ? nowhere : anywhere;
    }
    if (kind !== "sentence") return sentences;
    return isViable(costs, afterSegment(costs, state, characters, 0)) ? sentences : nowhere;
  }

  /**
   * What the planned segments come to: when the voice is free, how long all of it sounds, and the earliest start from
   * which none of them is late.
   */
  #ahead(costs: CostEstimate, nowMs: number): { voiceFreeMs: number; soundMs: number; neededMs: number } {
    let voiceFreeMs = this.#open.length > 0 ? this.#begunMs : nowMs;
    let soundMs = this.#madeMs;
    let neededMs = nowMs;
    for (const characters of this.#open) {
      // A synthesis that takes longer than expected is about to end: it cannot end in the past.
      voiceFreeMs = Math.max(nowMs, voiceFreeMs + synthesisMs(costs, characters));
      neededMs = Math.max(neededMs, voiceFreeMs + marginMs(costs) - soundMs);
      soundMs += costs.audioMsPerCharacter * characters;
    }
    return { voiceFreeMs, soundMs, neededMs };
  }
}

/** Time to make the speech of so many characters. */
export function synthesisMs(costs: CostEstimate, characters: number): number {
  return costs.synthesisBaseMs + costs.synthesisMsPerCharacter * characters;
}

/** Whether the next segment is ready before the player runs dry when the text goes on for `more` characters. */
function meets(costs: CostEstimate, state: PlannerState, characters: number, more: number): boolean {
  const textMs = state.nowMs + more * msPerCharacter(costs);
  const readyMs = Math.max(textMs, state.voiceFreeMs) + synthesisMs(costs, characters + more);
  return readyMs + marginMs(costs) <= state.dryMs;
}

/** A line through measurements is missed by some of them: three typical misses stay free. */
function marginMs(costs: CostEstimate): number {
  return 3 * costs.synthesisErrorMs;
}

function msPerCharacter(costs: CostEstimate): number {
  return costs.msPerToken / Math.max(0.1, costs.charactersPerToken);
}

/** The state once `more` characters have come and a segment of `characters + more` was made of it. */
function afterSegment(
  costs: CostEstimate,
  state: PlannerState,
  characters: number,
  more: number,
): PlannerState {
  const nowMs = state.nowMs + more * msPerCharacter(costs);
  const voiceFreeMs = Math.max(nowMs, state.voiceFreeMs) + synthesisMs(costs, characters + more);
  const dryMs = Math.max(state.dryMs, voiceFreeMs) + costs.audioMsPerCharacter * (characters + more);
  return { nowMs, voiceFreeMs, dryMs };
}

/** Whether segments that each meet their deadline can follow, without the sound in hand getting less and less. */
function isViable(costs: CostEstimate, start: PlannerState): boolean {
  let state = start;
  for (let ahead = 0; ahead < LOOK_AHEAD; ahead++) {
    const size = SIZES.find((characters) => meets(costs, state, 0, characters));
    if (size === undefined) return false;
    // The longest one in time leaves more sound than it took, and than its text takes.
    const soundMs = costs.audioMsPerCharacter * size;
    const takesMs = Math.max(synthesisMs(costs, size), size * msPerCharacter(costs));
    if (size === SIZES[0] && soundMs > takesMs) return true;
    state = afterSegment(costs, state, 0, size);
  }
  return inHandMs(state) >= inHandMs(start);
}

/** Sound that is left when everything given to the voice is made and all text of it has come. */
function inHandMs({ nowMs, voiceFreeMs, dryMs }: PlannerState): number {
  return dryMs - Math.max(nowMs, voiceFreeMs);
}

/** What a start keeps in hand where speech is not made in a small part of its time. */
function reserveMs(costs: CostEstimate): number {
  const isClose = synthesisMs(costs, 100) > CLOSE_FACTOR * costs.audioMsPerCharacter * 100;
  return isClose ? RESERVE * synthesisMs(costs, STRETCH_CHARACTERS) : 0;
}

/** From this length on a segment sounds for longer than it takes to make; smaller ones lose ground. */
function gainingCharacters(costs: CostEstimate): number {
  const gain = costs.audioMsPerCharacter - costs.synthesisMsPerCharacter;
  return gain > 0 ? Math.min(GAINING_LIMIT, costs.synthesisBaseMs / gain) : GAINING_LIMIT;
}
