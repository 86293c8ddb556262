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
/** Longest first segment that is tried. */
const MAX_FIRST_CHARACTERS = 240;

const never = Number.POSITIVE_INFINITY;
/** Only whole sentences. */
const sentences: SegmentRule = { minWords: 3, clauseWords: never, wordWords: never };
/** Wherever speech may break at all. */
const anywhere: SegmentRule = defaultPolicy(0);
const nowhere: SegmentRule = { minWords: never, clauseWords: never, wordWords: never };

/**
 * Chooses where the segments of one reply end (R43): the shortest first one whose sound lasts until the next is ready,
 * then as much of a sentence as the sound in hand allows. It knows times only by what it is told.
 */
export class DeadlinePlanner {
  readonly #costs: () => CostEstimate;
  readonly #now: () => number;
  readonly #firstCharacters: number | null;
  /** Made and to be made: when the voice is free, and when the player runs dry. */
  #voiceFreeMs = Number.NEGATIVE_INFINITY;
  #dryMs = Number.NEGATIVE_INFINITY;
  /** The same for what is made, and how much is not. */
  #madeDryMs = Number.NEGATIVE_INFINITY;
  #openCharacters = 0;

  /** `costs` is asked again at each later segment; the first one depends on nothing but what it says now. */
  constructor(costs: () => CostEstimate, now: () => number) {
    this.#costs = costs;
    this.#now = now;
    this.#firstCharacters = firstCharacters(costs());
  }

  /** No first segment keeps the player from starving: synthesis is slower than speech, and the start has to wait. */
  get isSlow(): boolean {
    return this.#firstCharacters === null;
  }

  /** A `SegmentPolicy`. */
  readonly policy = (index: number, candidate?: SegmentCandidate): SegmentRule => {
    if (!candidate) return defaultPolicy(index);
    if (index === 0) return this.#first(candidate);
    return this.#later(candidate);
  };

  /** The segment was cut; its speech is made once the voice is free. */
  planned(characters: number): void {
    const nowMs = this.#now();
    const costs = this.#costs();
    const readyMs = Math.max(nowMs, this.#voiceFreeMs) + synthesisMs(costs, characters);
    this.#openCharacters += characters;
    this.#voiceFreeMs = readyMs;
    this.#dryMs = Math.max(this.#dryMs, readyMs) + costs.audioMsPerCharacter * characters;
  }

  /** The voice has made so many of the characters planned, and they sound for `audioMs`. */
  made(characters: number, audioMs: number): void {
    const costs = this.#costs();
    const nowMs = this.#now();
    this.#openCharacters = Math.max(0, this.#openCharacters - characters);
    this.#madeDryMs = Math.max(nowMs, this.#madeDryMs) + audioMs;
    const open = this.#openCharacters;
    this.#voiceFreeMs = open > 0 ? nowMs + synthesisMs(costs, open) : nowMs;
    this.#dryMs = this.#madeDryMs + costs.audioMsPerCharacter * open;
  }

  #first({ characters }: SegmentCandidate): SegmentRule {
    if (this.#firstCharacters === null) return sentences;
    return characters >= this.#firstCharacters ? anywhere : nowhere;
  }

  #later({ kind, characters }: SegmentCandidate): SegmentRule {
    const costs = this.#costs();
    const state = { nowMs: this.#now(), voiceFreeMs: this.#voiceFreeMs, dryMs: this.#dryMs };
    if (this.isSlow) return sentences;
    const canWait = meets(costs, state, characters, STRETCH_CHARACTERS);
    if (!canWait) return anywhere;
    if (kind !== "sentence") return sentences;
    return isViable(costs, afterSegment(costs, state, characters, 0)) ? sentences : nowhere;
  }
}

/** Time to make the speech of so many characters. */
export function synthesisMs(costs: CostEstimate, characters: number): number {
  return costs.synthesisBaseMs + costs.synthesisMsPerCharacter * characters;
}

/** The fewest characters of a first segment that leave time for all that follow; null when none do. */
export function firstCharacters(costs: CostEstimate): number | null {
  const start = { nowMs: 0, voiceFreeMs: 0, dryMs: 0 };
  for (let characters = 1; characters <= MAX_FIRST_CHARACTERS; characters += 2) {
    if (isViable(costs, afterSegment(costs, start, characters, 0))) return characters;
  }
  return null;
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

/** Whether segments that each meet their deadline can follow: the largest that does, again and again. */
function isViable(costs: CostEstimate, start: PlannerState): boolean {
  let state = start;
  for (let ahead = 0; ahead < LOOK_AHEAD; ahead++) {
    const size = SIZES.find((characters) => meets(costs, state, 0, characters));
    if (size === undefined) return false;
    // The longest one in time leaves more sound than it took, and than its text takes.
    const soundMs = costs.audioMsPerCharacter * size;
    if (size === SIZES[0] && soundMs > Math.max(synthesisMs(costs, size), size * msPerCharacter(costs)))
      return true;
    state = afterSegment(costs, state, 0, size);
  }
  return true;
}
