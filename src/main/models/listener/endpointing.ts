import type { ListeningOptions } from "../services.ts";

/** Before anything is known of the speaker: half of the pauses inside speech are shorter than this … */
const PRIOR_MEDIAN_MS = 300;
/** … and their logarithms spread by this (natural logarithm, standard deviation). */
const PRIOR_SPREAD = 0.6;
/** How many observed pauses that guess is worth. */
const PRIOR_WEIGHT = 4;
/** Later pauses count at least this much, so that another speaker or another mood is followed within some twenty. */
const LEAST_WEIGHT = 0.05;
/** Of a speaker's own pauses 95 in 100 are shorter than this many deviations above the middle: those are waited out. */
const DEVIATIONS = 1.645;

/** What is known of the words so far when nobody has said anything about them. */
export const UNKNOWN_COMPLETENESS = 0.5;

type EndPauses = Pick<ListeningOptions, "minEndPauseMs" | "maxEndPauseMs" | "adaptive">;

/**
 * How long a pause must last to be the end of what someone says. Pauses inside speech are distributed log-normally, around
 * a middle that is the speaker's own (Campione & Véronis 2002, A large-scale multilingual study of silent pause
 * duration), so mean and variance of their logarithms are kept, with forgetting (West 1979, Updating mean and variance
 * estimates), and the end is put where few of the speaker's own pauses would reach. Text may move it to either bound, as in
 * Raux & Eskenazi 2008 (Optimizing endpointing thresholds using dialogue features).
 */
export class Endpointing {
  #options: EndPauses;
  #mean = Math.log(PRIOR_MEDIAN_MS);
  #variance = PRIOR_SPREAD ** 2;
  #weight = PRIOR_WEIGHT;

  constructor(options: EndPauses) {
    this.#options = options;
  }

  /** Other bounds from now on; what is known of the speaker stays. */
  configure(options: EndPauses): void {
    this.#options = options;
  }

  /** A pause of this length was followed by more speech: it was not the end. */
  continued(pauseMs: number): void {
    this.#weight += 1;
    const share = Math.max(LEAST_WEIGHT, 1 / this.#weight);
    const distance = Math.log(Math.max(1, pauseMs)) - this.#mean;
    this.#mean += share * distance;
    this.#variance = (1 - share) * (this.#variance + share * distance ** 2);
  }

  /** After how much pause speech ends; `completeness` of its words in [0, 1]: 0 surely unfinished, 1 surely finished. */
  endPauseMs(completeness: number = UNKNOWN_COMPLETENESS): number {
    const { minEndPauseMs, adaptive } = this.#options;
    // Settings that contradict each other: the shorter bound is the one a person notices.
    const maxEndPauseMs = Math.max(minEndPauseMs, this.#options.maxEndPauseMs);
    if (!adaptive) return minEndPauseMs;
    const own = Math.exp(this.#mean + DEVIATIONS * Math.sqrt(this.#variance));
    const middle = Math.min(maxEndPauseMs, Math.max(minEndPauseMs, own));
    const certainty = Math.abs(completeness - UNKNOWN_COMPLETENESS) / UNKNOWN_COMPLETENESS;
    const bound = completeness > UNKNOWN_COMPLETENESS ? minEndPauseMs : maxEndPauseMs;
    return Math.round(middle + certainty * (bound - middle));
  }
}
